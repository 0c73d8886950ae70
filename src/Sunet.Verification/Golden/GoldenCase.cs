using System.IO.Compression;
using System.Text.Json;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Verification.Golden;

/// <summary>A tensor known by its L2 norm and its product with a fixed direction, and what PyTorch's own float32 errs by.</summary>
internal readonly record struct Summary(double Norm, double Probe, double Float32Error);

/// <summary>One case that PyTorch computed in float64 from the values of <see cref="Fill"/>.</summary>
internal sealed class GoldenCase
{
    private const string Resource = "golden-cases.zip";
    private readonly JsonElement root;

    private GoldenCase(JsonElement root) => this.root = root;

    /// <summary>All cases embedded in the library.</summary>
    public static IReadOnlyList<string> Names
    {
        get
        {
            using ZipArchive archive = Open();
            return [.. archive.Entries.Select(e => Path.GetFileNameWithoutExtension(e.Name)).Order(StringComparer.Ordinal)];
        }
    }

    public string Seed => root.GetProperty("seed").GetString()!;

    public bool IsClassifier => Kind == "cls";

    public Shape Input => ShapeOf(root.GetProperty("input"));

    public JsonElement Training => root.GetProperty("train");

    public JsonElement Evaluation => root.GetProperty("eval");

    public int IgnoreLabel => IsClassifier ? -1 : SoftmaxCrossEntropy.DefaultIgnoreLabel;

    private string Kind => root.TryGetProperty("kind", out JsonElement kind) ? kind.GetString()! : "seg";

    private int Classes => root.TryGetProperty("classes", out JsonElement classes) ? classes.GetInt32() : 21;

    /// <summary>Reads one of the cases embedded in the library.</summary>
    public static GoldenCase Read(string name)
    {
        using ZipArchive archive = Open();
        ZipArchiveEntry entry = archive.GetEntry(name + ".json")
            ?? throw new ArgumentException($"There is no golden case '{name}'.", nameof(name));
        using Stream json = entry.Open();
        using JsonDocument document = JsonDocument.Parse(json);
        return new GoldenCase(document.RootElement.Clone());
    }

    public SunetModel CreateModel()
    {
        var spec = new SunetSpec
        {
            Config = SunetConfig.ByName(root.GetProperty("model").GetString()!),
            Head = IsClassifier ? SunetHead.Classifier : SunetHead.Segmenter,
            Classes = Classes,
            OutputStride = root.GetProperty("output_stride").GetInt32(),
            Multigrid = Kind != "strided",
            Degrid = Kind == "degrid",
        };
        SunetModel model = SunetModel.CreateBlank(spec);
        if (root.TryGetProperty("parameters", out JsonElement count) && count.GetInt64() != model.ParameterCount)
            throw new InvalidOperationException($"The model has {model.ParameterCount} parameters and its golden case {count.GetInt64()}.");
        Fill.Into(model, Seed);
        return model;
    }

    public float[] CreateInput() => Fill.Input(Seed, Input);

    public int[] CreateLabels() =>
        Fill.Labels(Seed, IsClassifier ? Input.Batch : Input.Batch * Input.Height * Input.Width, Classes, !IsClassifier);

    /// <summary>The losses of successive SGD steps: in float64, and as PyTorch's float32 has them.</summary>
    public (double[] Losses, double[] Float32Losses) Descent()
    {
        JsonElement descent = root.GetProperty("sgd");
        return (Doubles(descent.GetProperty("losses")), Doubles(descent.GetProperty("losses_f32")));
    }

    public (Summary Probabilities, int[] ArgMaxCounts) MultiScale(bool flip)
    {
        JsonElement result = root.GetProperty(flip ? "multiscale_flip" : "multiscale");
        return (SummaryOf(result.GetProperty("probabilities")),
            [.. result.GetProperty("argmax_counts").EnumerateArray().Select(c => c.GetInt32())]);
    }

    public double[] Scales() => Doubles(root.GetProperty("scales"));

    public static Summary SummaryOf(JsonElement tensor) =>
        new(tensor.GetProperty("norm").GetDouble(), tensor.GetProperty("probe").GetDouble(), tensor.GetProperty("f32").GetDouble());

    public static double[] Doubles(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];

    private static ZipArchive Open() => new(typeof(GoldenCase).Assembly.GetManifestResourceStream(Resource)
        ?? throw new InvalidOperationException($"The library has no resource '{Resource}'."), ZipArchiveMode.Read);

    private static Shape ShapeOf(JsonElement array) => new([.. array.EnumerateArray().Select(d => d.GetInt32())]);
}
