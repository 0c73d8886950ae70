using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Onnx;

namespace Sunet.Cli.Runs.Timing;

/// <summary>What a comparison is of: an input, and the files that contenders load.</summary>
/// <param name="Checkpoint">The segmenter, as this library loads it.</param>
/// <param name="Export">The segmenter, as ONNX Runtime loads it.</param>
/// <param name="Image">[N, 3, H, W].</param>
/// <param name="Classes">Of the segmenter.</param>
/// <param name="Cpu">How this library uses the CPU; the number of threads, above 0, is ONNX Runtime's, too.</param>
internal sealed record ContenderFiles(string Checkpoint, string Export, Shape Image, int Classes, CpuOptions Cpu)
{
    /// <summary>[N, classes, H, W].</summary>
    public Shape Logits => new(Image.Batch, Classes, Image.Height, Image.Width);
}

/// <summary>A loaded network that turns pixels in the caller's memory into logits in the caller's memory.</summary>
internal abstract class Contender : IDisposable
{
    /// <summary>The names, as they are given.</summary>
    public const string Ours = "sunet", Theirs = "onnxruntime";

    /// <summary>The name.</summary>
    public abstract string Name { get; }

    /// <summary>Loads one by its name.</summary>
    /// <exception cref="SunetException">It does not load.</exception>
    public static Contender Load(string name, ContenderFiles files) => name == Ours ? new SunetContender(files) : new OnnxContender(files);

    /// <summary>Computes logits, row-major, from normalised pixels, row-major.</summary>
    public abstract void Run(float[] pixels, float[] logits);

    public abstract void Dispose();

    /// <summary>The network as a predictor runs it, with its logits as the output.</summary>
    private sealed class SunetContender : Contender
    {
        private readonly CpuBackend backend;
        private readonly SunetGraph network;
        private readonly Plan plan;

        public SunetContender(ContenderFiles files)
        {
            using SunetModelFile model = SunetModelFile.Open(files.Checkpoint);
            network = SunetGraph.ForInference(model.Spec, files.Image);
            network.Graph.MarkOutput(network.Logits);
            backend = new CpuBackend(files.Cpu);
            plan = Plan.Compile(network.Graph, backend, new PlanOptions { MemoryLimit = DeviceSettings.PhysicalMemory });
            plan.Load(model.Read);
        }

        public override string Name => Ours;

        public override void Run(float[] pixels, float[] logits)
        {
            plan.Write(network.Image, pixels);
            plan.Run(Phase.Forward);
            plan.Read(network.Logits, logits);
        }

        public override void Dispose()
        {
            plan.Dispose();
            backend.Dispose();
        }
    }

    private sealed class OnnxContender(ContenderFiles files) : Contender
    {
        private readonly OnnxSession session = new(files.Export, files.Cpu.Threads);

        public override string Name => Theirs;

        public override void Run(float[] pixels, float[] logits) => session.Run(pixels, files.Image, logits, files.Logits);

        public override void Dispose() => session.Dispose();
    }
}
