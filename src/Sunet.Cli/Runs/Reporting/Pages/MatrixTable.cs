using System.Globalization;
using Sunet.Native.Inference;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>A confusion matrix as a table: of each true class's pixels, how many percent were predicted as which class.</summary>
internal static class MatrixTable
{
    private const int Shades = 10, MostWithDecimals = 12;
    private const double ShownFrom = 0.005;

    /// <summary>Writes the section.</summary>
    /// <param name="html">Receives it.</param>
    /// <param name="matrix">The counts.</param>
    /// <param name="names">The classes by index.</param>
    public static void Write(HtmlWriter html, ConfusionMatrix matrix, IReadOnlyList<string> names)
    {
        using (html.In("section", ("id", "matrix")))
        {
            html.Element("h2", "Confusion matrix");
            html.Element("p", "A row: percent of a true class's pixels, by predicted class; the diagonal is right. Empty: below 0.5 %. "
                + "A dash: the class has no pixels.", ("class", "note"));
            using (html.InScroll("Confusion matrix", "matrix-box"))
            using (html.In("table", ("class", names.Count > MostWithDecimals ? "matrix dense" : "matrix")))
            {
                WriteHead(html, names);
                using (html.In("tbody"))
                {
                    for (int label = 0; label < names.Count; label++)
                        WriteRow(html, matrix, names, label);
                }
            }
        }
    }

    private static void WriteHead(HtmlWriter html, IReadOnlyList<string> names)
    {
        using (html.In("thead"))
        using (html.In("tr"))
        {
            html.Element("th", "true \\ predicted", ("scope", "col"), ("class", "corner"));
            foreach (string name in names)
            {
                using (html.In("th", ("scope", "col")))
                    html.Element("span", name);
            }
        }
    }

    private static void WriteRow(HtmlWriter html, ConfusionMatrix matrix, IReadOnlyList<string> names, int label)
    {
        long total = Enumerable.Range(0, names.Count).Sum(prediction => matrix[label, prediction]);
        using (html.In("tr"))
        {
            html.Element("th", names[label], ("scope", "row"));
            for (int prediction = 0; prediction < names.Count; prediction++)
            {
                double share = total == 0 ? 0 : (double)matrix[label, prediction] / total;
                string text = total == 0 ? (label == prediction ? "–" : "") : share < ShownFrom ? "" : Percent(share, names.Count);
                string? shade = share < ShownFrom ? null : FormattableString.Invariant($"s{Math.Ceiling(share * Shades)}");
                string style = (label == prediction ? "right " : "") + shade;
                html.Element("td", text, ("class", style.Length == 0 ? null : style.Trim()));
            }
        }
    }

    private static string Percent(double share, int classes) =>
        (100 * share).ToString(classes > MostWithDecimals || share >= 0.9995 ? "0" : "0.0", CultureInfo.InvariantCulture);
}
