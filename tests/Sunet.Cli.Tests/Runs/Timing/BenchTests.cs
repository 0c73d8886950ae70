using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Timing;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Tensors;
using Sunet.Onnx;

namespace Sunet.Cli.Tests.Runs.Timing;

/// <summary><c>sunet bench</c> on the CPU, and <c>sunet bench compare</c>.</summary>
public sealed class BenchTests(BenchTests.TinyBench tiny) : IClassFixture<BenchTests.TinyBench>, IDisposable
{
    private static readonly string[] Tiny =
        ["--model", "sunet-tiny", "--imgsz", "64", "--iters", "2", "--warmup", "1", "--threads", "1"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Bench_WithWinograd_HasTheDirectSumsBesideTheChosenOnes()
    {
        // At 128 pixels some 3x3 convolutions are large enough for Winograd's algorithm where the processor has it at all.
        using JsonDocument parsed = Bench("--imgsz", "128", "--device", "cpu");
        bool chosen = parsed.RootElement.GetProperty("layers").EnumerateArray()
            .Any(l => l.GetProperty("implementation").GetString()!.Contains("wino", StringComparison.Ordinal));
        Assert.Equal(chosen, parsed.RootElement.TryGetProperty("direct_ratio", out JsonElement ratio));
        if (!chosen)
            return;
        double direct = parsed.RootElement.GetProperty("direct_convolutions_alone_ms").GetDouble();
        Assert.NotEqual(direct, parsed.RootElement.GetProperty("convolutions_alone_ms").GetDouble());
        Assert.Equal(parsed.RootElement.GetProperty("step_ms").GetDouble() / direct, ratio.GetDouble(), 9);
    }

    [Fact]
    public void Bench_WithoutWinograd_TimesEveryConvolutionAsADirectSumOnly()
    {
        using JsonDocument parsed = Bench("--no-winograd", "--device", "cpu");
        Assert.DoesNotContain("wino", parsed.RootElement.ToString(), StringComparison.Ordinal);
        Assert.False(parsed.RootElement.TryGetProperty("direct_ratio", out _));
    }

    [Fact]
    public void Bench_Layers_HaveTheirShareOfTheNearerLimit()
    {
        double compute = tiny.Result.GetProperty("peak_gflops_per_s").GetDouble();
        double memory = tiny.Result.GetProperty("peak_gbytes_per_s").GetDouble();
        Assert.All(tiny.Result.GetProperty("layers").EnumerateArray(), layer =>
        {
            double flops = layer.GetProperty("flops").GetInt64(), bytes = layer.GetProperty("bytes").GetInt64();
            double milliseconds = layer.GetProperty("ms").GetDouble();
            if (bytes == 0)
            {
                // Parts that lie where their concatenation is read: nothing is done.
                Assert.Equal("in place", layer.GetProperty("implementation").GetString());
                return;
            }

            // The share of the limit that is met first is the larger of the two shares.
            double share = Math.Max(flops / (1e6 * milliseconds) / compute, bytes / (1e6 * milliseconds) / memory);
            Assert.Equal(100 * share, layer.GetProperty("percent_of_peak").GetDouble(), 0.006);
            Assert.Equal(flops / bytes < compute / memory ? "memory" : "compute", layer.GetProperty("limit").GetString());
        });
    }

    [Fact]
    public void Bench_OnAnEmulatedGpu_MeasuresItsLimitsAndHasNoDirectSums()
    {
        CommandResult result = Emulated.Run(["bench", .. Tiny, "--device", "cuda", "--json"]);
        Assert.True(result.Code == 0, result.Error);
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        Assert.True(parsed.RootElement.GetProperty("peak_gflops_per_s").GetDouble() > 0);
        Assert.True(parsed.RootElement.GetProperty("peak_gbytes_per_s").GetDouble() > 0);
        Assert.False(parsed.RootElement.TryGetProperty("direct_ratio", out _));
    }

    [Fact]
    public void Bench_FirstLayer_ReadsImageWeightsAndWritesItsOutput()
    {
        JsonElement first = tiny.Result.GetProperty("layers")[0];
        Assert.Equal("Convolution", first.GetProperty("op").GetString());

        // 7x7 from 3 to 16 channels with a stride of 2 and a bias, all float32 and without padding.
        long expected = sizeof(float) * ((3 * 64 * 64) + (16 * 3 * 7 * 7) + 16 + (16 * 32 * 32));
        Assert.InRange(first.GetProperty("bytes").GetInt64(), expected, expected + (2 * sizeof(float) * 16 * 3 * 7 * 7));
    }

    [Fact]
    public void Bench_Roofline_IsDrawnAndCsvHasAsManyColumnsAsItsHeader()
    {
        Assert.Equal((900, 1640), (tiny.Roofline.Height, tiny.Roofline.Width));
        string[] lines = tiny.Csv;
        Assert.Contains("percent_of_peak", lines[0], StringComparison.Ordinal);
        Assert.All(lines, l => Assert.Equal(lines[0].Count(c => c == ','), l.Count(c => c == ',')));
    }

    [Fact]
    public void Bench_RooflineIntoNoFolder_IsADataFailure()
    {
        CommandResult result = CommandResult.Of(["bench", .. Tiny, "--roofline", folder["none", "roofline.png"]]);
        Assert.Equal(2, result.Code);
        Assert.Contains("roofline.png", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Fact]
    public void Compare_TinyModel_HasBothSidesTimesAndTheirRatio()
    {
        CommandResult result = CommandResult.Of(["bench", "compare", .. Tiny, "--json"]);
        Assert.True(result.Code == 0, result.Error);
        using JsonDocument parsed = JsonDocument.Parse(result.Output);
        JsonElement[] sides = [.. parsed.RootElement.GetProperty("contenders").EnumerateArray()];
        Assert.Equal(["sunet", "onnxruntime"], sides.Select(s => s.GetProperty("name").GetString()!));
        foreach ((string ratio, string time) in (ReadOnlySpan<(string, string)>)[("ratio", "median_ms"), ("least_ratio", "least_ms")])
        {
            Assert.Equal(sides[0].GetProperty(time).GetDouble() / sides[1].GetProperty(time).GetDouble(),
                parsed.RootElement.GetProperty(ratio).GetDouble(), 9);
        }

        Assert.InRange(parsed.RootElement.GetProperty("relative_difference").GetDouble(), 1e-9, OnnxVerifier.Tolerance);
        Assert.All(sides, s => Assert.True(s.GetProperty("first_ms").GetDouble() > s.GetProperty("least_ms").GetDouble()));
        if (OperatingSystem.IsLinux())
            Assert.All(sides, s => Assert.InRange(s.GetProperty("added_bytes").GetInt64(), 1L << 20, 1L << 30));
    }

    [Theory]
    [InlineData("--iters", "0")]
    [InlineData("--imgsz", "31")]
    [InlineData("--train")]
    [InlineData("--device", "cuda")]
    [InlineData("--contender", "libtorch")]
    public void Compare_WrongArguments_AreOneLine(params string[] wrong)
    {
        CommandResult result = CommandResult.Of(["bench", "compare", "--model", "sunet-tiny", .. wrong]);
        Assert.Equal(1, result.Code);
        Assert.Single(result.ErrorLines);
    }

    [Fact]
    public void Compare_Help_DoesNotTellOfTheProgramsOwnSetting()
    {
        CommandResult result = CommandResult.Of("bench", "compare", "--help");
        Assert.Equal(0, result.Code);
        Assert.Contains("--no-winograd", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("--contender", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void RequireSame_LogitsThatDiffer_AreRefusedWithBothNumbers()
    {
        var image = new Shape(1, 3, 64, 64);
        CompareRun.RequireSame(new OnnxDifference(image, 1, OnnxVerifier.Tolerance, 1), OnnxVerifier.Tolerance);
        BackendException failure = Assert.Throws<BackendException>(
            () => CompareRun.RequireSame(new OnnxDifference(image, 1, 2 * OnnxVerifier.Tolerance, 1), OnnxVerifier.Tolerance));
        Assert.Contains("2.0E-4", failure.Message, StringComparison.Ordinal);
        Assert.Equal(3, failure.ExitCode);
    }

    [Fact]
    public void Comparison_Ratios_AreOfMediansAndOfTheLeast()
    {
        var comparison = new Comparison(
            new ContenderTimes("a", [3, 1, 2], null), new ContenderTimes("b", [10, 4, 6, 4], null), Difference: 0);
        Assert.Equal(2 / 5.0, comparison.Ratio);
        Assert.Equal(1 / 4.0, comparison.LeastRatio);
    }

    [Fact]
    public void Turns_Rounds_RunEveryOneTwiceInTurnAndCountTheSecond()
    {
        var order = new List<char>();
        double[][] times = InterleavedTimer.Time(
            rounds: 2, warmUp: 1, [() => order.Add('a'), () => order.Add('b')], CancellationToken.None);
        Assert.Equal("aabbaabbaabb", new string([.. order]));
        Assert.Equal([2, 2], times.Select(t => t.Length));
    }

    private static JsonDocument Bench(params string[] more)
    {
        IEnumerable<string> usual = more.Contains("--imgsz") ? Tiny.Where(a => a is not ("--imgsz" or "64")) : Tiny;
        CommandResult result = CommandResult.Of(["bench", .. usual, .. more, "--json"]);
        Assert.True(result.Code == 0, result.Error);
        return JsonDocument.Parse(result.Output);
    }

    /// <summary>One run of <c>sunet bench</c> with all it can write.</summary>
    public sealed class TinyBench
    {
        public TinyBench()
        {
            using var folder = new TemporaryFolder();
            using JsonDocument parsed = Bench("--roofline", folder["roofline.png"], "--csv", folder["layers.csv"]);
            Result = parsed.RootElement.Clone();
            Roofline = ImageFile.Load(folder["roofline.png"]);
            Csv = File.ReadAllLines(folder["layers.csv"]);
        }

        /// <summary>What <c>--json</c> printed.</summary>
        public JsonElement Result { get; }

        /// <summary>The chart.</summary>
        public Memory2D<Rgb> Roofline { get; }

        /// <summary>The lines of the table.</summary>
        public string[] Csv { get; }
    }
}
