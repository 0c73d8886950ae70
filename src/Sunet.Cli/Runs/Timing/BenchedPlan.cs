using System.Diagnostics;
using Sunet.Cli.Settings;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Measuring;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Timing;

/// <summary>A plan with its weights and an input of noise, ready to run: the training step of a trainer, or a prediction.</summary>
internal sealed class BenchedPlan : IDisposable
{
    private readonly NoiseBatches source;
    private readonly Trainer? trainer;

    /// <summary>Compiles.</summary>
    /// <param name="model">The network.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="train">Whether it is the training step.</param>
    /// <param name="device">Where; it outlives this.</param>
    /// <param name="others">The bytes of plans that exist beside it.</param>
    public BenchedPlan(SunetModel model, Shape image, bool train, OpenDevice device, long others = 0)
    {
        source = new NoiseBatches(image, model.Spec);
        long start = Stopwatch.GetTimestamp();
        if (train)
        {
            // Weights that stay where they are keep the numbers ordinary over any number of steps.
            var options = new TrainerOptions { Sgd = new SgdOptions { LearningRate = 0 }, MemoryLimit = device.MemoryLimit(others) };
            trainer = new Trainer(model, source, options, device.Backend);
            Plan = trainer.Plan;
            CompileMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            WriteInputs = () => WriteTrainingInputs(Plan, source.Read(0));
            Step = () => trainer.Step();
            return;
        }

        SunetGraph network = SunetGraph.ForInference(model.Spec, image);
        _ = model.Spec.Head == SunetHead.Segmenter ? network.AppendArgMax() : network.AppendProbabilities();
        Plan = Plan.Compile(network.Graph, device.Backend, new PlanOptions { MemoryLimit = device.MemoryLimit(others) });
        Plan.Load(model.Read);
        CompileMilliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        WriteInputs = () => Plan.Write(network.Image, source.Read(0).Images);
    }

    /// <summary>The plan.</summary>
    public Plan Plan { get; }

    /// <summary>What it took to compile the plan and to load its weights.</summary>
    public double CompileMilliseconds { get; }

    /// <summary>Writes the inputs of the plan.</summary>
    public Action WriteInputs { get; }

    /// <summary>One whole training step, with data transfer, checks and update; null for prediction.</summary>
    public Action? Step { get; }

    /// <summary>All three, to be timed.</summary>
    public TimedPlan Timed => new(Plan, WriteInputs, Step);

    public void Dispose()
    {
        trainer?.Dispose();
        source.Dispose();
        if (trainer is null)
            Plan.Dispose();
    }

    private static void WriteTrainingInputs(Plan plan, TrainingBatch batch)
    {
        foreach (Value input in plan.Graph.Inputs)
        {
            if (input.Type == DataType.Float32)
                plan.Write(input, batch.Images);
            else
                plan.Write(input, batch.Labels);
        }
    }
}
