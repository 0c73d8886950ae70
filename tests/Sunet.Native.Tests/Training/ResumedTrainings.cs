using Sunet.Native.Backends;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Trainings that go on from a saved state.</summary>
internal static class ResumedTrainings
{
    /// <summary>A training that resumes after 4 of 9 steps has the state of one that was not interrupted, to the bit.</summary>
    /// <returns>The hash of that state.</returns>
    public static string EndInTheSameBits(IBackend backend, TrainerOptions options)
    {
        using var folder = new TemporaryFolder();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer whole = SmallModel.Trainer(batches, backend, options);
        using Trainer resumed = SmallModel.Trainer(batches, backend, options, seed: 9);
        whole.Run(4);
        whole.SaveState(folder["state"], new Dictionary<string, string>());
        resumed.Resume(folder["state"]);
        whole.Run(9);
        resumed.Run(9);
        string hash = SmallModel.Hash(whole);
        Assert.Equal(hash, SmallModel.Hash(resumed));
        return hash;
    }
}
