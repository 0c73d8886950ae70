using Sunet.Native.Checkpoints;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tests.Checkpoints;
using Sunet.Native.Tests.Checkpoints.PyTorch;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Models;

public sealed class PyTorchImportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(PyTorchFixtures.Classifier, SunetHead.Classifier, 10, 32)]
    [InlineData(PyTorchFixtures.Segmenter, SunetHead.Segmenter, 6, 16)]
    public void Load_FileOfPyTorch_HasItsSpecAndEveryElement(string fixture, SunetHead head, int classes, int stride)
    {
        SunetModel model = SunetModel.Load(PyTorchFixtures.Save(fixture, folder));
        SunetSpec spec = model.Spec;
        Assert.Equal((head, classes, stride, true, false), (spec.Head, spec.Classes, spec.OutputStride, spec.Multigrid, spec.Degrid));
        Assert.True(model.Spec.Config.SameBody(Body));
        foreach (string name in model.Names)
        {
            float[] elements = model.Read(name).ToArray();
            Assert.Equal(Enumerable.Range(0, elements.Length).Select(i => PyTorchFixtures.Element(name, i)), elements);
        }
    }

    [Fact]
    public void Load_SavedImport_IsTheSameModel()
    {
        SunetModel imported = SunetModel.Load(PyTorchFixtures.Save(PyTorchFixtures.Segmenter, folder)).WithOutputStride(8);
        imported.Save(folder["model.safetensors"]);
        SunetModel loaded = SunetModel.Load(folder["model.safetensors"]);
        Assert.Equal(8, loaded.Spec.OutputStride);
        Assert.All(imported.Names, n => Assert.True(imported.Read(n).SequenceEqual(loaded.Read(n))));
    }

    [Theory]
    [InlineData("sunet64")]
    [InlineData("sunet128")]
    [InlineData("sunet7128")]
    public void Infer_PublishedBody_IsFoundByItsShapes(string model)
    {
        AssertInferred(SunetSpec.Classifier(model));
        AssertInferred(SunetSpec.Segmenter(model, 21));
        AssertInferred(SunetSpec.Segmenter(model, 21) with { Degrid = true });
    }

    [Fact]
    public void Infer_OwnBody_HasItsNumbers()
    {
        SunetSpec spec = Segmenter(new SunetConfig("custom", 3, 5, [7, 9, 11, 13]) { StemWidth = 4, ResidualWidth = 6 });
        AssertInferred(spec);
        AssertInferred(spec with { Head = SunetHead.Classifier, OutputStride = 32 });
    }

    [Fact]
    public void Load_SafetensorsWithoutConfiguration_IsInferred()
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny, seed: 5);
        Write(model.Names.Select(n => SafetensorsTensor.Floats(n, model.ShapeOf(n).ToArray(), model.Read(n).ToArray())));
        SunetModel loaded = SunetModel.Load(folder["a.safetensors"]);
        Assert.Equal(model.Spec.Classes, loaded.Spec.Classes);
        Assert.All(model.Names, n => Assert.True(model.Read(n).SequenceEqual(loaded.Read(n))));
    }

    [Fact]
    public void Load_MissingUnknownAndReshapedTensors_AreListedInOneMessage()
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny);
        Write(model.Names.Where(n => n != "final.conv1.bias")
            .Select(n => n == "features.bn2.weight"
                ? SafetensorsTensor.Floats(n, [3], new float[3])
                : SafetensorsTensor.Floats(n, model.ShapeOf(n).ToArray(), model.Read(n).ToArray()))
            .Append(SafetensorsTensor.Floats("extra.weight", [1], new float[1]))
            .Append(SafetensorsTensor.Floats("features.bn2.num_batches_tracked", [1], new float[1])));
        string message = Assert.Throws<CheckpointException>(() => SunetModel.Load(folder["a.safetensors"])).Message;
        Assert.Contains("1 tensors are missing (final.conv1.bias), 1 tensors are not known (extra.weight), "
            + "1 tensors are of another shape (features.bn2.weight [3] for [20]).", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NetworkOfAnotherKind_NamesWhatItLacks()
    {
        string path = PyTorchFixtures.Save(PyTorchFixtures.TensorsZip, folder);
        string message = Assert.Throws<CheckpointException>(() => SunetModel.Load(path)).Message;
        Assert.Contains("no 'features.conv1.weight'", message, StringComparison.Ordinal);
        Assert.Contains("'module.float64', 'module.float32', 'module.float16'", message, StringComparison.Ordinal);
    }

    /// <summary>Shapes without an element, however large, make nothing of their size.</summary>
    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(65_536)]
    public void Load_HugeShapesWithoutElements_AreRefusedCheaply(int width)
    {
        SunetModel model = SunetModel.Create(SunetSpecTests.Tiny);
        string[] entries = [.. model.Names.Select(n => $"\"{n}\":{{\"dtype\":\"F32\",\"shape\":[{width},0],\"data_offsets\":[0,0]}}")];
        File.WriteAllBytes(folder["a.safetensors"], Samples.File("{" + string.Join(',', entries) + "}", 0));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<CheckpointException>(() => SunetModel.Load(folder["a.safetensors"]));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 << 20);
    }

    [Fact]
    public void FineTune_ImportedClassifier_TakesItsFeaturesBelowANewHead()
    {
        SunetModel classifier = SunetModel.Load(PyTorchFixtures.Save(PyTorchFixtures.Classifier, folder));
        SunetSpec wanted = Segmenter(classifier.Spec.Config) with { Degrid = true };
        SunetModel tuned = SunetModel.FineTune(classifier, wanted, seed: 4), fresh = SunetModel.Create(wanted, seed: 4);
        Assert.All(tuned.Names, n => Assert.True(tuned.Read(n).SequenceEqual(n.StartsWith("features.", StringComparison.Ordinal)
            ? classifier.Read(n)
            : fresh.Read(n))));
    }

    [Fact]
    public void FineTune_ImportedSegmenterOfTheSameClasses_KeepsItsHead()
    {
        SunetModel segmenter = SunetModel.Load(PyTorchFixtures.Save(PyTorchFixtures.Segmenter, folder));
        SunetModel tuned = SunetModel.FineTune(segmenter, segmenter.Spec with { OutputStride = 8 });
        Assert.All(tuned.Names, n => Assert.True(tuned.Read(n).SequenceEqual(segmenter.Read(n))));
    }

    [Theory]
    [InlineData(2, 1, "features.unet2_1")] // the model lacks what the checkpoint has
    [InlineData(1, 2, "features.unet2_1")] // and the other way round
    public void FineTune_AnotherDepth_NamesTensors(int sourceDepth, int depth, string named)
    {
        SunetSpec trained = Segmenter(Body with { Depth = sourceDepth }), wanted = Segmenter(Body with { Depth = depth });
        SunetModel source = SunetModel.Create(trained with { Head = SunetHead.Classifier, OutputStride = 32 });
        CheckpointException e = Assert.Throws<CheckpointException>(() => SunetModel.FineTune(source, wanted));
        Assert.Contains(named, e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FineTune_AnotherWidth_NamesTensors()
    {
        SunetModel source = SunetModel.Load(PyTorchFixtures.Save(PyTorchFixtures.Classifier, folder));
        SunetSpec wanted = Segmenter(Body with { StemWidth = 3 });
        CheckpointException e = Assert.Throws<CheckpointException>(() => SunetModel.FineTune(source, wanted));
        Assert.Contains("features.conv1.weight", e.Message, StringComparison.Ordinal);
    }

    private static SunetConfig Body { get; } = new("custom", 2, 1, [4, 4, 6, 6]) { StemWidth = 2, ResidualWidth = 4 };

    private static SunetSpec Segmenter(SunetConfig body) => SunetSpecTests.Tiny with { Config = body };

    private static void AssertInferred(SunetSpec expected)
    {
        using ShapesOnly shapes = new(SunetModel.Create(expected));
        SunetSpec spec = SunetSpecInference.Infer(shapes);
        Assert.Equal((expected.Config.Name, expected.Head, expected.Classes, expected.OutputStride, expected.Degrid),
            (spec.Config.Name, spec.Head, spec.Classes, spec.OutputStride, spec.Degrid));
        Assert.True(spec.Config.SameBody(expected.Config));
    }

    private void Write(IEnumerable<SafetensorsTensor> tensors) =>
        SafetensorsWriter.Write(folder["a.safetensors"], Samples.NoMetadata, [.. tensors]);

    private sealed class ShapesOnly(SunetModel model) : IStateDict
    {
        public string Path => "shapes";

        public IReadOnlyList<string> Names => model.Names;

        public IReadOnlyList<int>? DimensionsOf(string name) => model.Names.Contains(name) ? model.ShapeOf(name).ToArray() : null;

        public void CopyFloats(string name, Span<float> destination) => throw new InvalidOperationException("Shapes suffice.");

        public void Dispose()
        {
        }
    }
}
