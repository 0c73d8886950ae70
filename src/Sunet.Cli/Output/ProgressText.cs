using System.Globalization;
using Spectre.Console.Rendering;

namespace Sunet.Cli.Output;

/// <summary>What a progress line says, as one text or cut to a terminal's width.</summary>
/// <param name="Done">Units finished.</param>
/// <param name="Total">Units in all, or <see cref="UnknownTotal"/>.</param>
/// <param name="Unit">What units are called, in the plural.</param>
/// <param name="Detail">Such as the loss; may be empty.</param>
/// <param name="Rate">Units a second; 0 where that is not known yet.</param>
internal sealed record ProgressText(long Done, long Total, string Unit, string Detail, double Rate)
{
    /// <summary>Stands for a number of units that only the end will tell.</summary>
    public const long UnknownTotal = 0;

    private const int WidestBar = 24, NarrowestBar = 8, ShortestDetail = 6;
    private const string Gap = "  ";

    /// <summary>Everything, without a bar, for a stream that is no terminal.</summary>
    public string Plain => Join(Count, PrintableText.Of(Detail), RateText, Remaining, Memory);

    private string Count => Total == UnknownTotal
        ? Counted.Text(Done, Unit)
        : string.Create(CultureInfo.InvariantCulture, $"{Done}/{Total} {Counted.Word(Total, Unit)}");

    private string RateText => Rate > 0 ? string.Create(CultureInfo.InvariantCulture, $"{Rate:F2} {Unit}/s") : "";

    private string Remaining => Rate > 0 && Done < Total ? "eta " + Duration(Math.Round((Total - Done) / Rate)) : "";

    private static string Memory => "memory " + ByteSize.Text(Environment.WorkingSet);

    /// <summary>
    /// A bar and what there is room for beside it. Memory goes first, then the rate, then all but a stump of the bar, then the end of the
    /// detail, then the bar; what is left to do and what is done stay longest.
    /// </summary>
    /// <param name="cells">The most cells of a terminal that the text may take.</param>
    public string Fit(int cells)
    {
        string detail = PrintableText.Of(Detail);
        string[] texts = [Join(Count, detail, RateText, Remaining, Memory), Join(Count, detail, RateText, Remaining)];
        foreach (string text in texts)
        {
            if (WidestBar + 1 + Cells(text) <= cells)
                return Bar(WidestBar) + " " + text;
        }

        string shorter = Join(Count, detail, Remaining), shortest = Join(Count, Remaining);
        int bar = Math.Min(cells - 1 - Cells(shorter), WidestBar);
        if (bar >= NarrowestBar)
            return Bar(bar) + " " + shorter;
        int forDetail = cells - NarrowestBar - 1 - Cells(shortest) - Gap.Length;
        if (detail.Length > 0 && forDetail >= ShortestDetail)
            return Bar(NarrowestBar) + " " + Join(Count, Cut(detail, forDetail), Remaining);
        bar = Math.Min(cells - 1 - Cells(shortest), WidestBar);
        if (bar > 0)
            return Bar(bar) + " " + shortest;
        return Cells(shortest) <= cells ? shortest : Cut(Count, cells);
    }

    /// <summary>How many cells of a terminal a text takes: wide characters take two, and marks upon others none.</summary>
    public static int Cells(string text) => new Segment(text).CellCount();

    private string Bar(int width)
    {
        double share = Total == UnknownTotal ? 0 : Math.Clamp((double)Done / Total, 0, 1);
        int filled = (int)(width * share);
        return new string('█', filled) + new string('░', width - filled);
    }

    /// <summary>The beginning of a text that fits, by whole characters as people count them.</summary>
    private static string Cut(string text, int cells)
    {
        if (Cells(text) <= cells)
            return text;
        int length = 0;
        foreach (int start in StringInfo.ParseCombiningCharacters(text))
        {
            if (Cells(text[..start]) > cells - 1)
                break;
            length = start;
        }

        return cells < 1 ? "" : text[..length].TrimEnd() + "…";
    }

    private static string Duration(double seconds) => seconds < TimeSpan.MaxValue.TotalSeconds
        ? TimeSpan.FromSeconds(seconds).ToString("c", CultureInfo.InvariantCulture)
        : "never";

    private static string Join(params string[] parts) => string.Join(Gap, parts.Where(part => part.Length > 0));
}
