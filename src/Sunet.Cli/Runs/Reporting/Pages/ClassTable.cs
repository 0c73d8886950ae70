using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Inference;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The classes of a run, those with the highest IoU first, with their IoU near borders and their share of the pixels.</summary>
internal static class ClassTable
{
    /// <summary>Writes the section.</summary>
    /// <param name="html">Receives it.</param>
    /// <param name="content">What the validation found.</param>
    public static void Write(HtmlWriter html, SegmenterContent content)
    {
        ConfusionMatrix all = content.Measures.Matrix, border = content.Measures.Scores.Border;
        int distance = Scores.ImageScores.BorderDistance;
        using (html.In("section", ("id", "classes")))
        {
            html.Element("h2", "Classes");
            html.Element("p", FormattableString.Invariant($"Near borders: pixels with another label up to {distance} pixels away, ")
                + FormattableString.Invariant($"{Numbers.Percent((double)border.Total / all.Total)} % of the labelled pixels. ")
                + "A dash: the class is neither in the labels nor in the predictions.", ("class", "note"));
            using (html.InScroll("IoU of the classes"))
            using (html.In("table", ("class", "classes")))
            {
                WriteHead(html, all, border);
                WriteRows(html, content, all, border);
            }
        }
    }

    private static void WriteHead(HtmlWriter html, ConfusionMatrix all, ConfusionMatrix border)
    {
        using (html.In("thead"))
        {
            using (html.In("tr"))
            {
                foreach (string heading in new[] { "class", "IoU, %", "near borders, %", "accuracy, %", "of all pixels, %" })
                    html.Element("th", heading, ("scope", "col"));
            }

            using (html.In("tr", ("class", "mean")))
            {
                html.Element("th", "mean", ("scope", "row"));
                Bar(html, all.MeanIntersectionOverUnion);
                Bar(html, border.MeanIntersectionOverUnion);
                Bar(html, all.MeanAccuracy);
                html.Element("td", "");
            }
        }
    }

    private static void WriteRows(HtmlWriter html, SegmenterContent content, ConfusionMatrix all, ConfusionMatrix border)
    {
        ClassColours colours = ClassPalette.Of(content.ClassNames);
        int[] order = [.. Enumerable.Range(0, all.Classes)
            .OrderByDescending(c => double.IsNaN(all.IntersectionOverUnion(c)) ? -1 : all.IntersectionOverUnion(c))];
        using (html.In("tbody"))
        {
            foreach (int c in order)
            {
                long pixels = Enumerable.Range(0, all.Classes).Sum(prediction => all[c, prediction]);
                using (html.In("tr"))
                {
                    using (html.In("th", ("scope", "row")))
                    {
                        ClassName.Swatch(html, colours, c);
                        html.Text(content.ClassNames[c]);
                    }

                    Bar(html, all.IntersectionOverUnion(c));
                    Bar(html, border.IntersectionOverUnion(c));
                    Bar(html, pixels == 0 ? double.NaN : (double)all[c, c] / pixels);
                    html.Element("td", Numbers.Percent((double)pixels / all.Total));
                }
            }
        }
    }

    private static void Bar(HtmlWriter html, double share)
    {
        using (html.In("td", ("class", "bar")))
        {
            html.Text(Numbers.Percent(share));
            if (!double.IsNaN(share))
                html.Element("span", "", ("style", $"width:{Numbers.Fixed(100 * share, 1)}%"));
        }
    }
}
