using System.Diagnostics;
using System.Globalization;
using System.Text;
using Sunet.Cli.Output;

namespace Sunet.Cli.Tests.Output;

/// <summary>The progress bar keeps to one line of the terminal, however wide that is and becomes.</summary>
public sealed class ProgressBarTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private const string Redraw = "\r\u001b[K";
    private static readonly ProgressText Full = new(12, 400, "steps", "epoch 3  loss 1.2345  lr 0.05", 30);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    /// <summary>What goes, goes in the order of its worth.</summary>
    [Theory]
    [InlineData(119, 24, "12/400 steps  epoch 3  loss 1.2345  lr 0.05  30.00 steps/s  eta 00:00:13  memory ")]
    [InlineData(100, 24, "12/400 steps  epoch 3  loss 1.2345  lr 0.05  30.00 steps/s  eta 00:00:13")]
    [InlineData(79, 21, "12/400 steps  epoch 3  loss 1.2345  lr 0.05  eta 00:00:13")]
    [InlineData(59, 8, "12/400 steps  epoch 3  loss 1.2345…  eta 00:00:13")]
    [InlineData(45, 8, "12/400 steps  epoch 3…  eta 00:00:13")]
    [InlineData(39, 12, "12/400 steps  eta 00:00:13")]
    [InlineData(26, 0, "12/400 steps  eta 00:00:13")]
    [InlineData(20, 0, "12/400 steps")]
    [InlineData(7, 0, "12/400…")]
    [InlineData(1, 0, "…")]
    [InlineData(0, 0, "")]
    [InlineData(-1, 0, "")]
    public void Fit_AnyWidth_LeavesOutWhatMattersLeast(int cells, int bar, string text)
    {
        string fitted = Full.Fit(cells);
        Assert.Equal(bar, fitted.Count(c => c is '█' or '░'));
        Assert.StartsWith(text, fitted.TrimStart('█', '░', ' '), StringComparison.Ordinal);
        Assert.True(text.EndsWith("memory ", StringComparison.Ordinal) || fitted.EndsWith(text, StringComparison.Ordinal), fitted);
        Assert.InRange(ProgressText.Cells(fitted), 0, Math.Max(0, cells));
    }

    [Fact]
    public void Fit_WideCharacters_CountsTheirCells()
    {
        ProgressText wide = Full with { Unit = "images", Detail = string.Concat(Enumerable.Repeat("写真e\u0301\U0001F600", 20)) };
        for (int cells = 0; cells < 200; cells++)
        {
            string fitted = wide.Fit(cells);
            int taken = fitted.EnumerateRunes().Sum(rune => rune.Value is 0x301 ? 0 : rune.Value is '写' or '真' or 0x1F600 ? 2 : 1);
            Assert.InRange(taken, 0, cells);
            Assert.DoesNotContain('\ufffd', Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(fitted)));
        }

        Assert.Contains("写真", wide.Fit(79), StringComparison.Ordinal);
    }

    /// <summary>Bars go to standard error; standard output is a file, as where results are kept.</summary>
    [Fact]
    public void Train_TerminalIsResized_DrawsEveryBarOnOneLine()
    {
        using var terminal = new PseudoTerminal();
        terminal.Resize(120);
        string[] args = TinyRuns.Train(
            runs.Data, folder["runs"], "exp", "--iters", "1000000", "--val-every", "1000000", "--save-every", "1000000");
        using Process process = Process.Start(
            "bash", ["-c", "exec \"${@:3}\" 2> \"$1\" > \"$2\"", "bash", terminal.Path, folder["out"], CommandResult.Program, .. args]);
        using var watchdog = new Timer(_ => process.Kill(), null, TimeSpan.FromMinutes(2), Timeout.InfiniteTimeSpan);
        var written = new StringBuilder();
        var bars = new Dictionary<int, List<string>>();
        foreach (int columns in new[] { 120, 40, 80, 60, 80 })
        {
            terminal.Resize(columns);
            int from = written.Length;
            List<string> drawn;
            do
            {
                string? text = terminal.Read();
                Assert.True(text is not null, $"The program ended: {written}");
                written.Append(text);
                drawn = Bars(written.ToString(from, written.Length - from));
            }
            while (drawn.Count < 6);

            // The first may have been on its way when the terminal changed.
            bars[columns] = [.. drawn.Skip(1)];
        }

        using (Process interrupt = Process.Start("kill", ["-INT", process.Id.ToString(CultureInfo.InvariantCulture)]))
            interrupt.WaitForExit();
        while (terminal.Read() is { } rest)
            written.Append(rest);
        process.WaitForExit();
        Assert.Equal(130, process.ExitCode);
        Assert.All(bars, drawn => Assert.All(drawn.Value, bar =>
        {
            Assert.InRange(ProgressText.Cells(bar), 20, drawn.Key - 1);
            Assert.Contains("/1000000 steps", bar, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', bar);
        }));
        Assert.All(bars[120], bar => Assert.InRange(ProgressText.Cells(bar), 80, 119));
        Assert.All(bars[80], bar => Assert.Contains("loss", bar, StringComparison.Ordinal));

        // A bar that is there is cleared, and what comes then stands alone.
        Assert.Matches("(\n|\r\u001b\\[K)stopped at step ", written.ToString());
    }

    /// <summary>What was drawn over itself: from each redraw to the next. A line of text ends otherwise and is none of them.</summary>
    private static List<string> Bars(string written)
    {
        string[] parts = written.Split(Redraw);
        return [.. parts.Skip(1).SkipLast(1).Where(part => part.Length > 0 && !part.Contains('\n', StringComparison.Ordinal))];
    }
}
