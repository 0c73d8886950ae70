using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Files;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

/// <summary>Trainings that average their weights, held against the recursion in float64, on any backend.</summary>
internal static class AveragedSteps
{
    private const double Decay = 0.7;

    // An update rounds its product and its sum, and later ones shrink what it left.
    private const double Tolerance = 4e-7;

    /// <summary>Every step moves every average by the recursion, and leaves the training as it is without.</summary>
    public static void FollowTheRecursion(IBackend backend, int accumulate)
    {
        TrainerOptions options = SmallModel.Options with { Accumulate = accumulate };
        using FixedBatches batches = SmallModel.Batches();
        using Trainer averaging = SmallModel.Trainer(batches, backend, options with { AverageDecay = Decay });
        using Trainer plain = SmallModel.Trainer(batches, backend, options);
        SunetModel weights = SunetModel.Create(SmallModel.Spec, seed: 3), found = SunetModel.Create(SmallModel.Spec);
        Dictionary<string, double[]> expected = weights.Names.ToDictionary(
            name => name, name => Array.ConvertAll(weights.Read(name).ToArray(), w => (double)w));
        averaging.CopyAverageTo(found);
        Assert.All(weights.Names, name => Assert.True(found.Read(name).SequenceEqual(weights.Read(name)), name));
        for (int step = 0; step < 12; step++)
        {
            averaging.Step();
            plain.Step();
            averaging.CopyTo(weights);
            averaging.CopyAverageTo(found);
            double kept = Math.Min(Decay, (1.0 + step) / (10.0 + step));
            foreach (string name in weights.Names)
            {
                double[] average = expected[name];
                ReadOnlySpan<float> now = weights.Read(name);
                for (int i = 0; i < average.Length; i++)
                    average[i] = (kept * average[i]) + ((1 - kept) * now[i]);
                Assert.InRange(Distance(found.Read(name), average), 0, Tolerance);
            }
        }

        Assert.Contains(weights.Names, name => weights.IsParameter(name) && Distance(weights.Read(name), expected[name]) > 1e-3);
        SunetModel unaveraged = SunetModel.Create(SmallModel.Spec);
        plain.CopyTo(unaveraged);
        Assert.All(weights.Names, name => Assert.True(unaveraged.Read(name).SequenceEqual(weights.Read(name)), name));
    }

    /// <summary>A resumed run ends in the average of one that was not interrupted, and a state without an average is refused.</summary>
    public static void ResumeToTheBit(IBackend backend, int accumulate)
    {
        TrainerOptions options = SmallModel.Options with { Accumulate = accumulate, AverageDecay = Decay };
        ResumedTrainings.EndInTheSameBits(backend, options);
        using var folder = new TemporaryFolder();
        using FixedBatches batches = SmallModel.Batches();
        using Trainer averaging = SmallModel.Trainer(batches, backend, options);
        using Trainer plain = SmallModel.Trainer(batches, backend, options with { AverageDecay = 0 });
        string before = SmallModel.Hash(averaging);
        plain.SaveState(folder["plain"], new Dictionary<string, string>());
        Assert.Contains("'average/", Assert.Throws<CheckpointException>(() => averaging.Resume(folder["plain"])).Message,
            StringComparison.Ordinal);
        Assert.Equal(before, SmallModel.Hash(averaging));
    }

    /// <summary>A step that is refused moves no average.</summary>
    public static void KeepTheAverageOfARefusedStep(IBackend backend, int accumulate)
    {
        const int Steps = 2;
        TrainerOptions options = SmallModel.Options with { Accumulate = accumulate, AverageDecay = Decay };
        using var batches = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes, count: (Steps + 1) * accumulate);
        int last = batches.BatchesPerEpoch - 1, kept = batches[last].Labels[5];
        batches[last].Labels[5] = 77;
        using Trainer trainer = SmallModel.Trainer(batches, backend, options);
        trainer.Run(Steps);
        string before = SmallModel.Hash(trainer);
        Assert.Throws<DataException>(() => trainer.Step());
        Assert.Equal(before, SmallModel.Hash(trainer));
        batches[last].Labels[5] = kept;
        trainer.Step();
        Assert.NotEqual(before, SmallModel.Hash(trainer));
    }

    private static double Distance(ReadOnlySpan<float> found, double[] expected)
    {
        double difference = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(found[i] - expected[i], 2);
            size += Math.Pow(expected[i], 2);
        }

        return size == 0 ? Math.Sqrt(difference) : Math.Sqrt(difference / size);
    }
}
