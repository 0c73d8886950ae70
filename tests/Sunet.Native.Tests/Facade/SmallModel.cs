using System.Security.Cryptography;
using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>A segmenter with every kind of layer, small enough to train in a test, and what its tests share.</summary>
internal static class SmallModel
{
    public static SunetSpec Spec { get; } = new()
    {
        Config = new SunetConfig("custom", Filters: 8, Depth: 1, [16, 24, 24, 32]) { StemWidth = 8, ResidualWidth = 16 },
        Head = SunetHead.Segmenter,
        Classes = 5,
        OutputStride = 16,
    };

    public static SunetSpec Classifier { get; } = new() { Config = Spec.Config, Head = SunetHead.Classifier, Classes = 5 };

    public static Shape Images { get; } = new(2, 3, 32, 48);

    public static TrainerOptions Options { get; } =
        new() { Sgd = new SgdOptions { LearningRate = 0.01 }, Schedule = new CosineSchedule(20) };

    public static FixedBatches Batches() => new(Images, Spec.Classes);

    public static Trainer Trainer(IBatchSource source, IBackend backend, TrainerOptions? options = null, ulong seed = 3) =>
        new(SunetModel.Create(Spec, seed), source, options ?? Options, backend);

    /// <summary>SHA-256 of the state file: weights, running statistics, velocity, step.</summary>
    public static string Hash(Trainer trainer)
    {
        using var folder = new TemporaryFolder();
        string path = trainer.SaveState(folder["state"], new Dictionary<string, string>());
        return Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(path)));
    }
}
