using System.Diagnostics;
using System.Globalization;

namespace Sunet.Cli.Output;

/// <summary>One line that shows how far a run is: redrawn in place on a terminal, else repeated now and then.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const string ClearLine = "\r\u001b[K";
    private const int BarWidth = 24;
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter writer;
    private readonly long total;
    private readonly bool interactive;
    private readonly bool quiet;
    private readonly TimeSpan interval;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long? first;
    private TimeSpan shown;
    private bool drawn;

    public ProgressLine(TextWriter writer, long total, bool interactive, bool quiet, TimeSpan logInterval)
    {
        this.writer = writer;
        this.total = total;
        this.interactive = interactive;
        this.quiet = quiet;
        interval = interactive ? TerminalInterval : logInterval;
    }

    /// <summary>Shows how much is done, unless that was shown a moment ago.</summary>
    /// <param name="done">Units finished.</param>
    /// <param name="unit">What a unit is called, in the plural.</param>
    /// <param name="detail">Such as the loss.</param>
    public void Report(long done, string unit, string detail)
    {
        first ??= done;
        TimeSpan now = watch.Elapsed;
        if (quiet || now - shown < interval)
            return;
        shown = now;
        double rate = (done - first.Value) / now.TotalSeconds;
        string eta = rate > 0
            ? TimeSpan.FromSeconds(Math.Round((total - done) / rate)).ToString("c", CultureInfo.InvariantCulture)
            : "unknown";
        string text = PrintableText.Of(string.Create(CultureInfo.InvariantCulture,
            $"{done}/{total} {unit}  {detail}  {rate:F2} {unit}/s  eta {eta}  memory {ByteSize.Text(Environment.WorkingSet)}"));
        if (!interactive)
        {
            writer.WriteLine(text);
            return;
        }

        int filled = (int)(BarWidth * done / Math.Max(1, total));
        writer.Write($"{ClearLine}{new string('█', filled)}{new string('░', BarWidth - filled)} {text}");
        drawn = true;
    }

    /// <summary>A line of its own above the bar.</summary>
    public void Line(string text)
    {
        if (quiet)
            return;
        Clear();
        writer.WriteLine(PrintableText.Of(text));
    }

    public void Dispose() => Clear();

    private void Clear()
    {
        if (drawn)
            writer.Write(ClearLine);
        drawn = false;
    }
}
