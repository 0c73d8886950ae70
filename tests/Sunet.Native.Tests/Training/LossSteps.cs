using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Training;

/// <summary>Trainings with a loss of their own and with a limit of the gradients' norm, on any backend.</summary>
internal static class LossSteps
{
    public static LossOptions Everything { get; } =
        new() { ClassWeights = [0.5f, 2, 0, 1.25f, 1], LabelSmoothing = 0.1f, DiceWeight = 0.8f };

    public static TheoryData<float[], float, float> Losses => new(
        (Everything.ClassWeights.ToArray(), 0, 0), ([], 0.2f, 0), ([], 0, 1.5f),
        (Everything.ClassWeights.ToArray(), Everything.LabelSmoothing, Everything.DiceWeight));

    /// <summary>The network's logits of the first batches in float64, [pixel][class]; found once for all tests.</summary>
    private static Lazy<double[][]>[] Logits { get; } =
        [.. Enumerable.Range(0, 2).Select(index => new Lazy<double[][]>(() => LogitsOf(SmallModel.Batches()[index])))];

    /// <summary>The loss of a step is the formula's, of the logits that the network has in float64.</summary>
    public static void FollowTheFormula(IBackend backend, LossOptions loss, int accumulate, double tolerance)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(
            batches, backend, SmallModel.Options with { Loss = loss, Accumulate = accumulate });
        double expected = Enumerable.Range(0, accumulate).Average(i => Formula(loss, Logits[i].Value, batches[i].Labels));
        Assert.Equal(expected, trainer.Step().Loss, tolerance * expected);
    }

    /// <summary>Gradients over the limit are scaled down to it, those below it are left as they are.</summary>
    public static void ClipTheNorm(IBackend backend, int accumulate, double tolerance)
    {
        TrainerOptions options = SmallModel.Options with
        {
            Sgd = new SgdOptions { LearningRate = 1, Momentum = 0, WeightDecay = 0 }, Schedule = new ConstantSchedule(),
            Accumulate = accumulate,
        };
        double[] free = Change(backend, options, out string unlimited);
        double norm = Math.Sqrt(free.Sum(x => x * x));
        double[] clipped = Change(backend, options with { MaxGradientNorm = (float)(norm / 3) }, out _);
        Assert.Equal(norm / 3, Math.Sqrt(clipped.Sum(x => x * x)), tolerance * norm);
        Assert.InRange(Math.Sqrt(free.Zip(clipped, (x, y) => Math.Pow((x / 3) - y, 2)).Sum()), 0, tolerance * norm);
        Change(backend, options with { MaxGradientNorm = (float)(2 * norm) }, out string loose);
        Assert.Equal(unlimited, loose);
    }

    /// <summary>A resumed run ends in the bits of one that was not interrupted.</summary>
    public static void ResumeToTheBit(IBackend backend, int accumulate)
    {
        TrainerOptions options = SmallModel.Options with { Loss = Everything, MaxGradientNorm = 0.2f, Accumulate = accumulate };
        string hash = ResumedTrainings.EndInTheSameBits(backend, options);
        using FixedBatches batches = SmallModel.Batches();
        using Trainer plain = SmallModel.Trainer(batches, backend, SmallModel.Options with { Accumulate = accumulate });
        plain.Run(9);
        Assert.NotEqual(hash, SmallModel.Hash(plain));
    }

    /// <summary>How far one step moves every parameter, by the batches' gradients alone.</summary>
    private static double[] Change(IBackend backend, TrainerOptions options, out string hash)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, options);
        SunetModel before = SunetModel.Create(SmallModel.Spec, seed: 3), after = SunetModel.Create(SmallModel.Spec);
        trainer.Step();
        trainer.CopyTo(after);
        hash = SmallModel.Hash(trainer);
        return
        [
            .. before.Names.Where(before.IsParameter).SelectMany(name =>
                before.Read(name).ToArray().Zip(after.Read(name).ToArray(), (x, y) => (double)x - y)),
        ];
    }

    private static double[][] LogitsOf(TrainingBatch batch)
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 3);
        SunetGraph network = SunetGraph.ForTraining(SmallModel.Spec, SmallModel.Images, new TrainingGraphOptions());
        var executor = new ReferenceExecutor(network.Graph);
        executor.Load(name => Array.ConvertAll(model.Read(name).ToArray(), v => (double)v));
        executor.Write(network.Image, batch.Images.Select(v => (double)v));
        executor.Write(network.Labels!, batch.Labels.Select(v => (double)v));
        executor.Run(Sunet.Native.Graphs.Phase.Forward);
        double[] logits = executor[network.Logits];
        int classes = SmallModel.Spec.Classes, plane = SmallModel.Images.Height * SmallModel.Images.Width;
        return
        [
            .. Enumerable.Range(0, batch.Labels.Length).Select(pixel => Enumerable.Range(0, classes)
                .Select(c => logits[((((pixel / plane) * classes) + c) * plane) + (pixel % plane)]).ToArray()),
        ];
    }

    private static double Formula(LossOptions loss, double[][] logits, int[] labels)
    {
        int classes = logits[0].Length;
        double[] weights =
            loss.ClassWeights.Count > 0 ? [.. loss.ClassWeights.Select(w => (double)w)] : [.. Enumerable.Repeat(1.0, classes)];
        double[][] p = [.. logits.Select(row => row.Select(z => Math.Exp(z) / row.Sum(Math.Exp)).ToArray())];
        double smoothing = loss.LabelSmoothing;
        double entropy = p.Zip(labels, (row, label) => row.Select((probability, c) =>
            -weights[c] * Math.Log(probability) * (((c == label ? 1 : 0) * (1 - smoothing)) + (smoothing / classes))).Sum()).Sum();
        double dice = Enumerable.Range(0, classes).Where(labels.Contains).Average(c =>
            2 * p.Zip(labels, (row, label) => label == c ? row[c] : 0).Sum() / (p.Sum(row => row[c]) + labels.Count(l => l == c)));
        return (entropy / labels.Sum(label => weights[label])) + (loss.DiceWeight * (1 - dice));
    }
}
