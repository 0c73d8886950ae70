using System.Text.Json;
using Sunet.Cli.Runs.Files;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Onnx;

namespace Sunet.Cli.Tests.Runs.Files;

/// <summary><c>sunet export</c>, on a network with fresh weights.</summary>
public sealed class ExportTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public ExportTests()
    {
        var spec = new SunetSpec
        {
            Config = new SunetConfig("custom", Filters: 4, Depth: 1, [8, 8, 12, 12]) { StemWidth = 4, ResidualWidth = 8 },
            Head = SunetHead.Segmenter,
            Classes = 3,
            OutputStride = 16,
        };
        SunetModel.Create(spec).Save(folder["model.safetensors"]);
        SunetModel.Create(spec with { Head = SunetHead.Classifier, OutputStride = 32 }).Save(folder["classifier.safetensors"]);
    }

    [Fact]
    public void Export_WithoutMore_WritesOnnxBesideTheWeights()
    {
        CommandResult result = CommandResult.Of("export", "--weights", folder["model.safetensors"]);
        Assert.True(result.Code == 0, result.Error);
        long bytes = new FileInfo(folder["model.onnx"]).Length;
        string[] lines = result.Output.Split('\n');
        Assert.Matches($@"^wrote .*model\.onnx: {bytes:N0} bytes, \d+ nodes, ONNX opset 17$", lines[0]);
        Assert.StartsWith("input   image float32 [batch, 3, height, width]: ", lines[1], StringComparison.Ordinal);
        Assert.StartsWith("output  logits float32 [batch, 3, height, width]: ", lines[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model", "8", true)]
    [InlineData("model", "32", false)]
    [InlineData("classifier", "32", true)]
    public void Export_Verify_PrintsTheDifferences(string name, string outputStride, bool fold)
    {
        CommandResult result = CommandResult.Of("export", "--weights", folder[name + ".safetensors"], "--out", folder["out.onnx"],
            "--verify", "--sizes", "97x143,64", "--output-stride", outputStride, fold ? "--fold" : "--no-fold", "--threads", "1", "--json");
        Assert.True(result.Code == 0, result.Error);
        JsonElement json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(17, json.GetProperty("opset").GetInt32());
        Assert.Equal(name == "model" ? 4 : 2, json.GetProperty("output").GetProperty("dimensions").GetArrayLength());
        JsonElement[] differences = [.. json.GetProperty("differences").EnumerateArray()];
        Assert.Equal(["[1, 3, 97, 143]", "[1, 3, 64, 64]"], differences.Select(d => d.GetProperty("image").GetString()));
        Assert.All(differences, d => Assert.InRange(d.GetProperty("relative_l2").GetDouble(), 0, 2e-5));
        Assert.All(differences, d => Assert.InRange(d.GetProperty("same_class").GetDouble(), 99.9, 100));
        using var session = new OnnxSession(folder["out.onnx"], threads: 1);
        Assert.Equal(outputStride, session.Metadata["output_stride"]);
    }

    [Fact]
    public void Export_Verify_PrintsATableAndTheLargest()
    {
        CommandResult result = CommandResult.Of("export", "--weights", folder["model.safetensors"], "--verify", "--threads", "1");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("[1, 3, 97, 143]", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"ONNX Runtime [0-9.]+ differs from the model by at most [0-9.]+E-[0-9]+, relative [0-9.]+E-[0-9]+", result.Output);
    }

    [Fact]
    public void Export_ToSafetensors_KeepsWeightsAndChangesTheStride()
    {
        CommandResult result = CommandResult.Of("export", "--weights", folder["model.safetensors"], "--format", "safetensors", "--out",
            folder["copy.safetensors"], "--output-stride", "8");
        Assert.True(result.Code == 0, result.Error);
        SunetModel model = SunetModel.Load(folder["model.safetensors"]), copy = SunetModel.Load(folder["copy.safetensors"]);
        Assert.Equal((16, 8), (model.Spec.OutputStride, copy.Spec.OutputStride));
        Assert.All(model.Names, name => Assert.True(model.Read(name).SequenceEqual(copy.Read(name)), name));
        CommandResult again = CommandResult.Of("export", "--weights", folder["model.safetensors"], "--format", "safetensors",
            "--out", folder["copy.safetensors"], "--json");
        JsonElement json = JsonDocument.Parse(again.Output).RootElement;
        Assert.Equal(new FileInfo(folder["copy.safetensors"]).Length, json.GetProperty("bytes").GetInt64());
    }

    [Theory]
    [InlineData(1, "'--weights' is missing", "--out", "x.onnx")]
    [InlineData(1, "one of onnx, safetensors", "--weights", "model.safetensors", "--format", "torch")]
    [InlineData(1, "is the checkpoint itself", "--weights", "model.safetensors", "--format", "safetensors")]
    [InlineData(1, "'--sizes' is for '--verify'", "--weights", "model.safetensors", "--sizes", "64")]
    [InlineData(1, "'--verify' is for '--format onnx'", "--weights", "model.safetensors", "--format", "safetensors", "--out", "x",
        "--verify")]
    [InlineData(1, "'--sizes' has 31x64", "--weights", "model.safetensors", "--verify", "--sizes", "64,31x64")]
    [InlineData(1, "'--sizes' is '64,'", "--weights", "model.safetensors", "--verify", "--sizes", "64,")]
    [InlineData(1, "one of 32, 16, 8", "--weights", "model.safetensors", "--output-stride", "4")]
    [InlineData(1, "a classifier's output stride is 32", "--weights", "classifier.safetensors", "--output-stride", "8")]
    [InlineData(2, "none.safetensors' does not exist", "--weights", "none.safetensors")]
    [InlineData(2, "its folder does not exist", "--weights", "model.safetensors", "--out", "none/x.onnx")]
    public void Export_WrongSettings_IsOneSentenceAndNoFile(int code, string said, params string[] args)
    {
        string[] inFolder = [.. args.Select((a, i) => i > 0 && args[i - 1] is "--weights" or "--out" ? folder[a] : a)];
        CommandResult result = CommandResult.Of(["export", .. inFolder]);
        Assert.True(code == result.Code, $"returned {result.Code}: {result.Error}");
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Equal(["classifier.safetensors", "config.json", "model.safetensors"],
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void RequireFaithful_DifferenceAboveTheBar_IsADeviceErrorThatNamesFileAndSize()
    {
        OnnxDifference good = new(new Shape(1, 3, 64, 64), 1, 9e-5, 1), bad = new(new Shape(1, 3, 97, 143), 1, 1.1e-4, 1);
        ExportRun.RequireFaithful("a.onnx", [good]);
        var failure = Assert.Throws<BackendException>(() => ExportRun.RequireFaithful("a.onnx", [good, bad]));
        Assert.Equal(3, failure.ExitCode);
        Assert.Contains("'a.onnx' differs from the model by 1.1E-4 at [1, 3, 97, 143]", failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The console has no ONNX Runtime beside it in the pack for machines with a GPU.</summary>
    [Theory]
    [InlineData("export", "--weights", "model.safetensors", "--verify")]
    [InlineData("bench", "compare", "--model", "sunet-tiny")]
    public void Verb_WithoutTheLibrary_NamesItAndWritesNothing(params string[] args)
    {
        Directory.CreateDirectory(folder["program"]);
        string from = AppContext.BaseDirectory;
        foreach (string file in Directory.GetFiles(from, "*.dll").Append(from + "sunet").Append(from + "sunet.runtimeconfig.json"))
            File.Copy(file, folder["program", Path.GetFileName(file)]);
        CommandResult result = CommandResult.OfProgram(folder["program", "sunet"], new Dictionary<string, string>(),
            [.. args.Select(a => a == "model.safetensors" ? folder[a] : a)]);
        Assert.Equal(3, result.Code);
        Assert.Contains(OnnxSession.Library + ", the library of ONNX Runtime, is missing", Assert.Single(result.ErrorLines),
            StringComparison.Ordinal);
        Assert.False(File.Exists(folder["model.onnx"]));
    }

    public void Dispose() => folder.Dispose();
}
