using System.Diagnostics;
using System.Text;

namespace Sunet.Cli.Tests.Output;

/// <summary>Standard streams that are full, closed or read by nobody: no run ends for that, and no result is lost in silence.</summary>
public sealed class UnwritableStreamTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Verbs =>
        ["--help", "info", "data check", "val", "predict", "train", "calibrate", "export", "data convert"];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Verbs))]
    public void AnyVerb_OutputIsFull_IsOneLineAndExitCode2(string verb)
    {
        using var error = new StringWriter();
        int code = CommandLineHost.Run(Arguments(verb), new FullWriter(), error, CancellationToken.None);
        string[] lines = error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("sunet: Results cannot be written to standard output: No space left on device.", lines[^1]);
        Assert.DoesNotContain(lines, line => line.Contains("Internal error", StringComparison.Ordinal));
        Assert.Equal(2, code);
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void AnyVerb_ErrorIsFull_EndsAsWithout(string verb)
    {
        using var output = new StringWriter();
        Assert.Equal(0, CommandLineHost.Run(Arguments(verb), output, new FullWriter(), CancellationToken.None));
        Assert.NotEqual("", output.ToString());
    }

    [Fact]
    public void AnyVerb_FailureThatCannotBeSaid_KeepsItsExitCode()
    {
        string[] args = ["val", "--data", folder["none"], "--weights", runs.Weights];
        Assert.Equal(2, CommandLineHost.Run(args, new FullWriter(), new FullWriter(), CancellationToken.None));
        Assert.Equal(1, CommandLineHost.Run(["no-verb"], new FullWriter(), new FullWriter(), CancellationToken.None));
    }

    [Theory]
    [InlineData("2> /dev/full", 0)]
    [InlineData("2>&-", 0)]
    [InlineData("> /dev/full", 2)]
    [InlineData(">&-", 2)]
    [InlineData(">&- 2>&- <&-", 2)]
    [InlineData("2>&1 | true", 0)]
    public void Train_StreamOfTheShell_TrainsToTheEnd(string redirection, int code)
    {
        string[] args = TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "2");
        Assert.Equal(code, Shell($"\"$@\" {redirection}; exit ${{PIPESTATUS[0]}}", args));
        Assert.Equal(TinyRuns.Hash(runs.Weights), TinyRuns.Hash(folder["exp", "weights", "last.safetensors"]));
    }

    /// <summary>Files must not take the numbers of streams that are closed, lest they take what is written to them.</summary>
    [Fact]
    public void Predict_StreamsAreClosed_LeavesResultsAsTheyAre()
    {
        string source = Path.Combine(runs.Data, "JPEGImages"), end = "; exit ${PIPESTATUS[0]}";
        string[] args = ["predict", "--weights", runs.Weights, "--source", source,
            "--threads", "1", "--probabilities", "--project", folder.Path, "--name"];
        Assert.Equal(0, Shell("\"$@\" > /dev/null 2>&1" + end, [.. args, "open"]));
        Assert.Equal(2, Shell("\"$@\" >&- 2>&-" + end, [.. args, "closed"]));
        string[] files = [.. Directory.GetFiles(folder["open"]).Order(StringComparer.Ordinal)];
        Assert.Equal(
            files.Select(Path.GetFileName), Directory.GetFiles(folder["closed"]).Order(StringComparer.Ordinal).Select(Path.GetFileName));
        Assert.All(files, file => Assert.Equal(TinyRuns.Hash(file), TinyRuns.Hash(folder["closed", Path.GetFileName(file)])));
    }

    private static int Shell(string script, string[] args)
    {
        using Process process = Process.Start("bash", ["-c", script, "bash", CommandResult.Program, .. args]);
        process.WaitForExit();
        return process.ExitCode;
    }

    private string[] Arguments(string verb) => verb switch
    {
        "info" => ["info", "--weights", runs.Weights, "--imgsz", "32"],
        "data check" => ["data", "check", runs.Data],
        "data convert" => ["data", "convert", "--data", runs.Data, "--out", folder["converted"]],
        "val" => ["val", "--data", runs.Data, "--weights", runs.Weights],
        "predict" => ["predict", "--weights", runs.Weights, "--source", Path.Combine(runs.Data, "JPEGImages"), "--project", folder.Path],
        "train" => TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "1"),
        "calibrate" =>
            ["calibrate", "--data", runs.Data, "--weights", runs.Weights, "--out", folder["calibrated.safetensors"], "--iters", "1"],
        "export" => ["export", "--weights", runs.Weights, "--out", folder["model.onnx"]],
        _ => [verb],
    };

    private sealed class FullWriter : TextWriter
    {
        public override Encoding Encoding => Encoding.UTF8;

        public override void Write(char value) => throw new IOException("No space left on device");
    }
}
