using System.Diagnostics;

namespace Sunet.Cli.Output;

/// <summary>One line that shows how far a run is: redrawn in place on a terminal, else repeated now and then.</summary>
internal sealed class ProgressLine : IDisposable
{
    private const string ClearLine = "\r\u001b[K";
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);

    private readonly TextWriter writer;
    private readonly long total;
    private readonly Func<int>? terminalWidth;
    private readonly bool quiet;
    private readonly TimeSpan interval;
    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long? first;
    private TimeSpan shown;
    private bool drawn;

    /// <param name="writer">Where the line goes.</param>
    /// <param name="total">Units of work, such as steps.</param>
    /// <param name="terminalWidth">Asked before every drawing for the terminal's width in cells; null where there is no terminal.</param>
    /// <param name="quiet">Whether nothing is shown.</param>
    /// <param name="logInterval">How often the line is repeated where there is no terminal.</param>
    public ProgressLine(TextWriter writer, long total, Func<int>? terminalWidth, bool quiet, TimeSpan logInterval)
    {
        this.writer = writer;
        this.total = total;
        this.terminalWidth = terminalWidth;
        this.quiet = quiet;
        interval = terminalWidth is null ? logInterval : TerminalInterval;
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
        var text = new ProgressText(done, total, unit, detail, (done - first.Value) / now.TotalSeconds);
        if (terminalWidth is null)
        {
            writer.WriteLine(text.Plain);
            return;
        }

        // A terminal breaks the line once its last cell is written, or before the next character, as it pleases: that cell stays free.
        writer.Write(ClearLine + text.Fit(terminalWidth() - 1));
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

    /// <summary>Takes the bar away, so that something else can be said in its place; the next report draws it again.</summary>
    public void Clear()
    {
        if (drawn)
            writer.Write(ClearLine);
        drawn = false;
    }
}
