using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Onnx.Tests;

/// <summary>Models whose weights and running statistics are none of their initial values, and whose signals stay near one.</summary>
internal static class TestModels
{
    private const string Seed = "onnx";
    private static readonly Lazy<SunetModel> Measured = new(() => Measure(Segmenter(16, degrid: true)));

    private static SunetConfig Body { get; } = new("custom", Filters: 8, Depth: 1, [16, 24, 24, 32]) { StemWidth = 8, ResidualWidth = 16 };

    public static SunetSpec Segmenter(int outputStride, bool multigrid = true, bool degrid = false) => new()
    {
        Config = Body,
        Head = SunetHead.Segmenter,
        Classes = 5,
        ClassNames = ["background", "naïve", "a \"b\"", "c,d", "e"],
        OutputStride = outputStride,
        Multigrid = multigrid,
        Degrid = degrid,
    };

    public static SunetSpec Classifier { get; } = new() { Config = Body, Head = SunetHead.Classifier, Classes = 7 };

    /// <summary>A model of the small body. Its statistics do not depend on how it is dilated enough to be measured each time.</summary>
    public static SunetModel Create(SunetSpec spec)
    {
        SunetModel model = SunetModel.Create(spec);
        Fill.Into(model, Seed);
        model.CopyFrom(Measured.Value, except: name => !spec.Degrid && !name.StartsWith("features.", StringComparison.Ordinal));
        return model;
    }

    /// <summary>A model with the running statistics of one batch, large enough that no channel's variance is next to nothing.</summary>
    public static SunetModel Measure(SunetSpec spec)
    {
        SunetModel model = SunetModel.Create(spec);
        Fill.Into(model, Seed);
        using var backend = new CpuBackend();
        SunetGraph training = SunetGraph.ForTraining(spec, new Shape(2, 3, 128, 128), new TrainingGraphOptions { BatchNormMomentum = 1 });
        using Plan plan = Plan.Compile(training.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        plan.Load(model.Read);
        plan.Write(training.Image, Fill.Input(Seed, training.Image.Shape));
        plan.Write(training.Labels!, new int[training.Labels!.Shape.Count]);
        plan.Run(Phase.Forward);
        plan.Run(Phase.Update);
        foreach (Value buffer in training.Graph.Buffers)
            plan.Read(buffer, model.Write(buffer.Name));
        return model;
    }

    public static Shape[] Images(params ReadOnlySpan<(int Batch, int H, int W)> sizes)
    {
        var images = new Shape[sizes.Length];
        for (int i = 0; i < images.Length; i++)
            images[i] = new Shape(sizes[i].Batch, 3, sizes[i].H, sizes[i].W);
        return images;
    }
}

/// <summary>An ONNX file in a folder of its own, and the backend to compare it on.</summary>
public abstract class OnnxTest : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("sunet-onnx-").FullName;

    protected CpuBackend Backend { get; } = new(threads: 1);

    protected string this[string file] => Path.Combine(folder, file);

    public void Dispose()
    {
        Backend.Dispose();
        Directory.Delete(folder, recursive: true);
        GC.SuppressFinalize(this);
    }

    private protected IReadOnlyList<OnnxDifference> ExportAndCompare(
        SunetModel model, bool fold, params ReadOnlySpan<(int Batch, int H, int W)> sizes)
    {
        OnnxExporter.Write(model, this["model.onnx"], new OnnxExportOptions { FoldBatchNorm = fold });
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        return OnnxVerifier.Compare(model, session, TestModels.Images(sizes), Backend);
    }
}
