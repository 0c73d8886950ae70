using System.Text.Json;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Onnx.Format;
using Sunet.Onnx.Translation;

namespace Sunet.Onnx.Tests;

public sealed class OnnxExporterTests : OnnxTest
{
    [Theory]
    [InlineData(8, true, true, false)]
    [InlineData(16, true, false, false)]
    [InlineData(32, true, true, true)]
    [InlineData(16, false, true, false)]
    [InlineData(8, false, false, true)]
    public void Write_Segmenter_ComputesWhatTheModelDoes(int outputStride, bool multigrid, bool fold, bool degrid) =>
        Assert.All(
            ExportAndCompare(TestModels.Create(TestModels.Segmenter(outputStride, multigrid, degrid)), fold, (1, 97, 143), (2, 128, 96)),
            AssertFaithful);

    /// <summary>Heights from 32 and widths from 64 on: every remainder of the six halvings that they go through.</summary>
    [Fact]
    public void Write_EverySizeOfAPeriod_MeetsTheTensorsBesideIt()
    {
        (int, int, int)[] sizes = [.. Enumerable.Range(0, 32).Select(i => (1, 32 + i, 64 + i))];
        Assert.All(ExportAndCompare(TestModels.Create(TestModels.Segmenter(outputStride: 32)), fold: true, sizes), AssertFaithful);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_Classifier_ComputesWhatTheModelDoes(bool fold) =>
        Assert.All(ExportAndCompare(TestModels.Create(TestModels.Classifier), fold, (1, 97, 143), (3, 64, 64)), AssertFaithful);

    [Fact]
    public void Write_PublishedModel_ComputesWhatTheModelDoes() =>
        Assert.All(
            ExportAndCompare(TestModels.Measure(SunetSpec.Segmenter("sunet64", classes: 21)), fold: true, (1, 65, 47)), AssertFaithful);

    [Fact]
    public void Write_SameModelTwice_GivesTheSameBytes()
    {
        SunetModel model = SunetModel.Create(TestModels.Segmenter(16));
        OnnxExport export = OnnxExporter.Write(model, this["a.onnx"]);
        OnnxExporter.Write(model, this["b.onnx"]);
        byte[] bytes = File.ReadAllBytes(this["a.onnx"]);
        Assert.Equal(bytes, File.ReadAllBytes(this["b.onnx"]));
        Assert.Equal(bytes.Length, export.Bytes);
        Assert.Equal("image float32 [batch, 3, height, width]", export.Input.ToString());
        Assert.Equal("logits float32 [batch, 5, height, width]", export.Output.ToString());
    }

    [Fact]
    public void Write_Metadata_SaysWhatAUserNeedsToKnow()
    {
        SunetSpec spec = TestModels.Segmenter(16) with { Normalization = new ImageNormalization([0.1f, 0.2f, 0.3f], [1, 2, 3.5f]) };
        OnnxExporter.Write(SunetModel.Create(spec), this["model.onnx"]);
        using var session = new OnnxSession(this["model.onnx"], threads: 1);
        Assert.Equal(("image", "logits"), (session.InputName, session.OutputName));
        Assert.Equal(["0.1", "0.2", "0.3"], Elements(session, "normalization_mean"));
        Assert.Equal(["1", "2", "3.5"], Elements(session, "normalization_std"));
        Assert.Equal(spec.ClassNames, Elements(session, "class_names"));
        Assert.Equal(("16", "segmenter", "custom"),
            (session.Metadata["output_stride"], session.Metadata["head"], session.Metadata["model"]));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Translate_EveryOp_HasANodeOfItsName(bool fold)
    {
        SunetSpec spec = TestModels.Segmenter(8, degrid: true);
        var network = new SampledNetwork(image => fold
            ? SunetGraph.ForInference(spec, image)
            : SunetGraph.Build(spec, image, BatchNormMode.Inference, batchNormMomentum: 0));
        NodeList nodes = TranslateAll(network);
        string[] names = [.. nodes.Nodes.Select(n => n.Name)];
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.Subset(names.ToHashSet(), network.First.Graph.Ops.Select(o => o.Name).ToHashSet());
        int norms = SunetModel.Create(spec).Names.Count(n => n.EndsWith(".running_mean", StringComparison.Ordinal));
        Assert.Equal(fold, nodes.Nodes.Count(n => n.Type == "BatchNormalization") < norms);
    }

    [Fact]
    public void Translate_OpWithoutCounterpart_IsNamed()
    {
        var network = new SampledNetwork(image =>
        {
            SunetGraph graph = SunetGraph.ForInference(TestModels.Segmenter(16), image);
            graph.AppendArgMax();
            return graph;
        });
        var failure = Assert.Throws<ConfigurationException>(() => TranslateAll(network));
        Assert.Contains("ArgMax 'argmax'", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_TwoGibibytes_IsRefusedBeforeAnythingIsWritten()
    {
        ProtobufMessage file = new ProtobufMessage().Add(1, int.MaxValue - 5L, _ => Assert.Fail("nothing should be written"));
        var failure = Assert.Throws<ConfigurationException>(() => OnnxExporter.Save(file, this["large.onnx"]));
        Assert.Contains("less than 2 GiB", failure.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(this["large.onnx"]));
    }

    [Fact]
    public void Write_FolderThatIsNotThere_NamesTheFile() => Assert.Contains("none/model.onnx", Assert.Throws<CheckpointException>(
        () => OnnxExporter.Write(SunetModel.Create(TestModels.Segmenter(16)), this["none/model.onnx"])).Message, StringComparison.Ordinal);

    private static NodeList TranslateAll(SampledNetwork network)
    {
        var nodes = new NodeList(_ => []);
        nodes.Define(network.First.Image, "image");
        var translator = new OpTranslator(network, nodes);
        for (int index = 0; index < network.First.Graph.Ops.Count; index++)
            translator.Translate(index);
        return nodes;
    }

    private static string[] Elements(OnnxSession session, string key)
    {
        using JsonDocument json = JsonDocument.Parse(session.Metadata[key]);
        return [.. json.RootElement.EnumerateArray().Select(e => e.ToString())];
    }

    /// <summary>Both compute in float32, and each may be off by the 1e-5 that a network's golden cases are held to.</summary>
    private static void AssertFaithful(OnnxDifference difference)
    {
        Assert.True(difference.RelativeError <= 2e-5, difference.ToString());
        Assert.True(difference.ArgMaxAgreement >= 0.999, difference.ToString());
    }
}
