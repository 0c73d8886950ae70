using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Tests.Runs.Prediction;

/// <summary>Raw frames through the program, from a pipe and into one.</summary>
public sealed class FramePipeTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const int Height = 40, Width = 56, Pixels = Height * Width;
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("rgb24", 3, "012")]
    [InlineData("bgr24", 3, "210")]
    [InlineData("rgba", 4, "012")]
    [InlineData("bgra", 4, "210")]
    [InlineData("gray8", 1, "000")]
    [InlineData("gray", 1, "000")]
    public void Predict_FramesOfAnyFormat_GivesTheLabelsOfSegmentInOrder(string format, int step, string places)
    {
        byte[] raw = Noise(7 * Pixels * step);
        (int code, byte[] output, string error) = FramePipe.Run(raw, Args(format, "--out", "-", "--threads", "2", "--quiet"));
        Assert.True(code == 0, error);
        Assert.Equal("", error);
        Assert.Equal(Expected(Images(raw, step, places)).SelectMany(labels => labels.Cast<byte>()), output);
    }

    [Theory]
    [InlineData("rgb24", "012")]
    [InlineData("bgr24", "210")]
    [InlineData("rgba", "0123")]
    [InlineData("bgra", "2103")]
    public void Predict_OverlaysOfAnyFormat_AreThoseOfFiles(string format, string places)
    {
        byte[] raw = Noise(3 * Pixels * 3);
        (int code, byte[] output, string error) =
            FramePipe.Run(raw, Args("rgb24", "--out", "-", "--out-format", format, "--threads", "2", "--quiet"));
        Assert.True(code == 0, error);
        Assert.Equal(Overlays(raw, places), output);
    }

    [Fact]
    public void Predict_Overlay_IsRgb24WhereNothingElseIsSaid()
    {
        byte[] raw = Noise(2 * Pixels * 3);
        (int code, byte[] output, _) = FramePipe.Run(raw, Args("rgb24", "--out", "-", "--overlay", "--threads", "1", "--quiet"));
        Assert.Equal(0, code);
        Assert.Equal(Overlays(raw, "012"), output);
    }

    /// <summary>The input stays open: a program that waited for more frames would never give the first.</summary>
    [Fact]
    public void Predict_FrameByFrame_WaitsForNoLaterFrame()
    {
        byte[] raw = Noise(3 * Pixels * 3);
        Rgb[][,] images = Images(raw, 3, "012");
        byte[][,] expected = Expected(images);
        using FramePipe pipe = FramePipe.Start(Args("rgb24", "--out", "-", "--threads", "2"));
        for (int i = 0; i < images.Length; i++)
        {
            pipe.Write(raw[(i * Pixels * 3)..((i + 1) * Pixels * 3)]);
            Assert.Equal(expected[i].Cast<byte>(), pipe.Read(Pixels));
        }

        pipe.Input.Close();
        Assert.Empty(pipe.ReadToEnd());
        Assert.Equal(0, pipe.Wait());
        Assert.Matches(@"3 frames  [0-9.]+ frames/s  latency mean [0-9.]+ ms, median [0-9.]+ ms, 99th percentile [0-9.]+ ms", pipe.Error);
    }

    [Fact]
    public void Predict_LastFrameIsIncomplete_WritesTheOthersAndSaysWhatIsMissing()
    {
        byte[] raw = Noise((2 * Pixels * 3) + 100);
        (int code, byte[] output, string error) = FramePipe.Run(raw, Args("rgb24", "--out", "-", "--threads", "1", "--quiet"));
        Assert.Equal(2, code);
        Assert.Equal(2 * Pixels, output.Length);
        Assert.Equal($"sunet: Standard input ended within frame 3: {(Pixels * 3) - 100} of its {Pixels * 3} bytes are missing; "
            + "see '--size' and '--format'.", error.TrimEnd());
    }

    [Fact]
    public void Predict_NoFrames_IsAnError()
    {
        (int code, byte[] output, string error) = FramePipe.Run([], Args("rgb24", "--out", "-", "--threads", "1", "--quiet"));
        Assert.Equal((2, "sunet: Standard input has no frames; it ended before the first."), (code, error.TrimEnd()));
        Assert.Empty(output);
    }

    /// <summary>More frames than two pipes hold, of which one is wanted; the input does not end.</summary>
    [Fact]
    public void Predict_NobodyReadsOn_EndsQuietly()
    {
        using FramePipe pipe = FramePipe.Start(Args("gray8", "--out", "-", "--threads", "2", "--quiet"));
        byte[] frame = Noise(Pixels);
        pipe.Write(frame);
        _ = pipe.Read(Pixels);
        pipe.Output.Close();
        try
        {
            while (!pipe.Process.HasExited)
                pipe.Write(frame);
        }
        catch (IOException)
        {
            // It takes no more, having ended.
        }

        Assert.Equal((0, ""), (pipe.Wait(), pipe.Error));
    }

    [Fact]
    public void Predict_OutputIsFull_IsOneLineAndExitCode2()
    {
        File.WriteAllBytes(folder["frames"], Noise(Pixels));
        string[] args = Args("gray8", "--out", "-", "--threads", "1", "--quiet");
        using Process process = Process.Start(new ProcessStartInfo("bash",
            ["-c", "input=$1; shift; \"$@\" < \"$input\" > /dev/full", "bash", folder["frames"], CommandResult.Program, .. args])
        {
            RedirectStandardError = true,
        })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("sunet: Results cannot be written to standard output: No space left on device.", error.TrimEnd());
        Assert.Equal(2, process.ExitCode);
    }

    [Theory]
    [InlineData("<&-", "Standard input cannot be read: it is closed.")]
    [InlineData("< /dev/null >&-", "Results cannot be written to standard output: It is closed.")]
    public void Predict_StreamIsClosed_SaysSo(string redirection, string said)
    {
        using Process process = Process.Start(new ProcessStartInfo(
            "bash", ["-c", $"\"$@\" {redirection}", "bash", CommandResult.Program, .. Args("gray8", "--out", "-", "--threads", "1")])
        {
            RedirectStandardError = true, RedirectStandardOutput = true,
        })!;
        string error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        Assert.Equal((2, "sunet: " + said), (process.ExitCode, error.TrimEnd()));
    }

    /// <summary>The input stays open, as that of a camera that has stalled.</summary>
    [Fact]
    public void Predict_Interrupted_FinishesWhatWasSegmented()
    {
        using FramePipe pipe = FramePipe.Start(Args("rgb24", "--out", "-", "--threads", "1"));
        byte[] raw = Noise(Pixels * 3);
        pipe.Write(raw);
        byte[] labels = pipe.Read(Pixels);
        using (Process interrupt = Process.Start("kill", ["-INT", pipe.Process.Id.ToString(CultureInfo.InvariantCulture)]))
            interrupt.WaitForExit();
        Assert.Empty(pipe.ReadToEnd());
        Assert.Equal(130, pipe.Wait());
        Assert.Equal(Expected(Images(raw, 3, "012"))[0].Cast<byte>(), labels);
        Assert.Contains("1 frame  ", pipe.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_WithoutOutput_WritesNumberedFilesIntoTheRunFolder()
    {
        byte[] raw = Noise(3 * Pixels * 3);
        (int code, byte[] output, string error) =
            FramePipe.Run(raw, Args("rgb24", "--project", folder.Path, "--name", "exp", "--threads", "2"));
        Assert.True(code == 0, error);
        Assert.Equal(
            ["frame_000001.png", "frame_000001_overlay.jpg", "frame_000002.png", "frame_000002_overlay.jpg", "frame_000003.png",
                "frame_000003_overlay.jpg"],
            Directory.GetFiles(folder["exp"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        byte[][,] expected = Expected(Images(raw, 3, "012"));
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(
                expected[i].Cast<byte>(), LabelFile.Load(folder["exp", $"frame_00000{i + 1}.png"]).ToArray().Cast<byte>());
        }

        Assert.EndsWith($"results: {folder["exp"]}\n", System.Text.Encoding.UTF8.GetString(output), StringComparison.Ordinal);
    }

    [Fact]
    public void Predict_JsonBesideFrames_GoesToStandardError()
    {
        (int code, byte[] output, string error) =
            FramePipe.Run(Noise(4 * Pixels), Args("gray8", "--out", "-", "--threads", "1", "--quiet", "--json"));
        Assert.Equal((0, 4 * Pixels), (code, output.Length));
        JsonElement result = JsonDocument.Parse(error).RootElement;
        Assert.Equal(4, result.GetProperty("frames").GetInt32());
        Assert.Equal((Height, Width), (result.GetProperty("height").GetInt32(), result.GetProperty("width").GetInt32()));
        JsonElement latency = result.GetProperty("latency_ms");
        Assert.InRange(latency.GetProperty("median").GetDouble(), double.Epsilon, latency.GetProperty("p99").GetDouble());
        Assert.True(latency.GetProperty("mean").GetDouble() > 0);
        Assert.True(result.GetProperty("frames_per_s").GetDouble() > 0);
        JsonElement.ObjectEnumerator limits = result.GetProperty("limit_percent").EnumerateObject();
        Assert.Equal(["decode", "segment", "encode"], limits.Select(limit => limit.Name));
        Assert.Equal(100, limits.Sum(limit => limit.Value.GetDouble()), 0.05);
    }

    [Theory]
    [InlineData("give '--size' with '--source -'", "--format", "rgb24")]
    [InlineData("give '--format' with '--source -'", "--size", "56x40")]
    [InlineData("'--size' is '56' where width x height is needed", "--size", "56", "--format", "rgb24")]
    [InlineData("'--size' is '0x40' where width x height is needed", "--size", "0x40", "--format", "rgb24")]
    [InlineData("'--format' is 'yuv' where one of rgb24, bgr24", "--size", "56x40", "--format", "yuv")]
    [InlineData("above the cap of 2000", "--size", "56x40", "--format", "gray8", "--pixel-cap", "2000")]
    [InlineData("more than 2147483591", "--size", "60000x30000", "--format", "gray8", "--pixel-cap", "2147483647")]
    [InlineData("'--out' is 'x.raw' where '-' is needed", "--size", "56x40", "--format", "gray8", "--out", "x.raw")]
    [InlineData("give it with '--out -'", "--size", "56x40", "--format", "gray8", "--out-format", "rgb24")]
    [InlineData("'--project' is for files in a run folder", "--size", "56x40", "--format", "gray8", "--out", "-", "--project", "x")]
    [InlineData("'--legend' is for files in a run folder", "--size", "56x40", "--format", "gray8", "--out", "-", "--legend")]
    [InlineData("'--submission' is for images in files", "--size", "56x40", "--format", "gray8", "--submission", "voc")]
    [InlineData("'--workers' is for images in files", "--size", "56x40", "--format", "gray8", "--workers", "2")]
    [InlineData("'--overlay' needs colours", "--size", "56x40", "--format", "gray8", "--out", "-", "--overlay", "--out-format", "gray8")]
    [InlineData("contradicts '--no-overlay'", "--size", "56x40", "--format", "gray8", "--out", "-", "--no-overlay", "--out-format", "rgba")]
    public void Predict_FrameOptionsThatMakeNoSense_AreRefused(string said, params string[] args)
    {
        CommandResult result = CommandResult.Of(["predict", "--weights", runs.Weights, "--source", "-", .. args]);
        Assert.Equal(1, result.Code);
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--size", "56x40")]
    [InlineData("--format", "rgb24")]
    [InlineData("--out", "-")]
    [InlineData("--out-format", "rgb24")]
    public void Predict_FrameOptionsForFiles_AreRefused(string option, string value)
    {
        CommandResult result = CommandResult.Of("predict", "--weights", runs.Weights, "--source", runs.Data, option, value);
        Assert.Equal(1, result.Code);
        Assert.Equal(
            $"sunet: '{option}' is for raw frames from standard input; give it with '--source -' or leave it out.",
            Assert.Single(result.ErrorLines));
    }

    private static byte[] Noise(int count)
    {
        var bytes = new byte[count];
        new Random(count).NextBytes(bytes);
        return bytes;
    }

    private static Rgb[][,] Images(byte[] raw, int step, string places)
    {
        var images = new Rgb[raw.Length / (Pixels * step)][,];
        for (int frame = 0; frame < images.Length; frame++)
        {
            images[frame] = new Rgb[Height, Width];
            for (int i = 0; i < Pixels; i++)
            {
                int at = (((frame * Pixels) + i) * step) - '0';
                images[frame][i / Width, i % Width] = new Rgb(raw[at + places[0]], raw[at + places[1]], raw[at + places[2]]);
            }
        }

        return images;
    }

    private string[] Args(string format, params string[] more) =>
        ["predict", "--weights", runs.Weights, "--source", "-", "--size", "56x40", "--format", format, .. more];

    private byte[][,] Expected(Rgb[][,] images)
    {
        using var backend = new CpuBackend(new CpuOptions { Threads = 1 });
        using var predictor = new Predictor(SunetModel.Load(runs.Weights), new PredictorOptions(), backend);
        return [.. images.Select(image =>
        {
            var labels = new byte[Height, Width];
            predictor.Segment(image, labels);
            return labels;
        })];
    }

    private IEnumerable<byte> Overlays(byte[] raw, string places)
    {
        Rgb[][,] images = Images(raw, 3, "012");
        ClassColours colours = ClassPalette.Of(SunetModel.Load(runs.Weights).Spec.ClassNames);
        return images.Zip(Expected(images)).SelectMany(frame =>
        {
            Memory2D<Rgb> tinted = Overlay.Tint(frame.First, frame.Second, colours);
            return tinted.ToArray().Cast<Rgb>().SelectMany(pixel =>
            {
                byte[] rgba = [pixel.R, pixel.G, pixel.B, 255];
                return places.Select(place => rgba[place - '0']);
            });
        });
    }
}
