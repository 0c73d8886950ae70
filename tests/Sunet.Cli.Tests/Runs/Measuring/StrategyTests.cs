using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Measuring;

/// <summary><c>sunet val --strategies</c>: the rows of a table, each what a run with its settings says.</summary>
public sealed class StrategyTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Val_Strategies_GiveTheNumbersOfSeparateRuns()
    {
        JsonElement rows = Json("--strategies", "single,os8+multi+flip,crops").GetProperty("strategies");
        Assert.Equal(["single", "os8+multi+flip", "crops"], rows.EnumerateArray().Select(r => r.GetProperty("name").GetString()));
        AssertSame(Json(), rows[0]);
        AssertSame(Json("--scales", "0.5,0.75,1,1.25", "--flip", "--output-stride", "8"), rows[1]);
        AssertSame(Json("--crop", "512"), rows[2]);
        Assert.NotEqual(rows[0].GetRawText().Replace("single", "", StringComparison.Ordinal),
            rows[1].GetRawText().Replace("os8+multi+flip", "", StringComparison.Ordinal));
    }

    [Fact]
    public void Val_Strategies_PrintATable()
    {
        CommandResult result = Val("--strategies", "single,flip");
        Assert.Equal(0, result.Code);
        string[] lines = result.Output.Split('\n');
        Assert.Matches("^strategy +mIoU +aAcc +mAcc", lines[0]);
        Assert.Matches(@"^single +\d+\.\d\d +\d+\.\d\d +\d+\.\d\d", lines[1]);
        Assert.Matches(@"^flip +\d+\.\d\d", lines[2]);
    }

    [Theory]
    [InlineData("no such strategy|--strategies twice,single", "twice")]
    [InlineData("scales of two kinds|--strategies single --scales 1,2", "--scales")]
    [InlineData("stride of two kinds|--strategies single --output-stride 8", "--output-stride")]
    [InlineData("crops without crops|--crop-base 512", "--crop-base")]
    [InlineData("tiles and crops|--crop 512 --tile 1024", "--tile")]
    public void Val_Contradiction_SaysWhichSetting(string arguments, string named)
    {
        CommandResult result = Val(arguments.Split('|')[1].Split(' '));
        Assert.Equal(1, result.Code);
        Assert.Contains(named, result.Error, StringComparison.Ordinal);
    }

    private static void AssertSame(JsonElement run, JsonElement row)
    {
        foreach (string metric in new[] { "mIoU", "aAcc", "mAcc" })
            Assert.Equal(run.GetProperty(metric).GetDouble(), row.GetProperty(metric).GetDouble());
    }

    private CommandResult Val(params string[] more) =>
        CommandResult.Of(["val", "--data", runs.Data, "--weights", Balanced(), "--threads", "1", "--limit", "1", .. more]);

    /// <summary>
    /// Two epochs leave one class everywhere; these biases make all of them equally likely on average, so that strategies differ.
    /// </summary>
    private string Balanced()
    {
        string path = folder["balanced.safetensors"];
        if (File.Exists(path))
            return path;
        SunetModel model = SunetModel.Load(runs.Weights);
        Memory2D<Rgb> image = ImageFile.Load(Directory.GetFiles(runs.Data, "*.jpg", SearchOption.AllDirectories)[0]);
        var probabilities = new float[model.Spec.Classes * image.Length];
        using (var backend = new CpuBackend(threads: 1))
        using (var predictor = new Predictor(model, new PredictorOptions(), backend))
            predictor.Probabilities(image.Span, probabilities);
        Span<float> biases = model.Write("final.conv1.bias");
        for (int c = 0; c < biases.Length; c++)
            biases[c] -= probabilities.Skip(c * (int)image.Length).Take((int)image.Length).Average(p => MathF.Log(MathF.Max(p, 1e-30f)));
        model.Save(path);
        return path;
    }

    private JsonElement Json(params string[] more)
    {
        CommandResult result = Val([.. more, "--json"]);
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output).RootElement;
    }
}
