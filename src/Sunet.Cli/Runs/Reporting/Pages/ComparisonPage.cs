using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The page that shows several runs side by side.</summary>
internal static class ComparisonPage
{
    private const string None = "–";

    /// <summary>Writes the page.</summary>
    /// <param name="contents">The runs, in the order in which they are shown.</param>
    public static string Write(IReadOnlyList<ReportContent> contents)
    {
        string[] names = NamesOf([.. contents.Select(content => content.Run.Folder)]);
        IReadOnlyList<CurveChart> charts = RunCharts.Of([.. names.Zip(contents, (name, content) => (name, content.Run))]);
        return PageFrame.Write(string.Create(CultureInfo.InvariantCulture, $"{contents.Count} runs compared"), charts, html =>
        {
            using (html.In("header"))
                html.Element("h1", string.Create(CultureInfo.InvariantCulture, $"{contents.Count} runs compared"));
            WriteScores(html, names, contents);
            RunCharts.Write(html, charts);
            WriteClasses(html, names, contents);
            WriteDifferences(html, "Settings that differ", names,
                [.. contents.Select(content => content.Run.Settings)]);
            WriteDifferences(html, "Environment that differs", names,
                [.. contents.Select(content => content.Run.Environment.ToDictionary(fact => fact.Name, fact => fact.Value))]);
            RunPage.WriteFooter(html);
        });
    }

    /// <summary>The last folder of each path, with as many of those above it as tell the paths apart.</summary>
    /// <param name="folders">Full paths.</param>
    internal static string[] NamesOf(IReadOnlyList<string> folders)
    {
        string[][] parts = [.. folders.Select(folder => folder.Split(Path.DirectorySeparatorChar))];
        int most = parts.Max(path => path.Length);
        for (int taken = 1; taken < most; taken++)
        {
            string[] names = [.. parts.Select(path => string.Join('/', path.TakeLast(taken)))];
            if (names.Distinct().Count() == names.Length)
                return names;
        }

        return [.. folders.Select((folder, i) => string.Create(CultureInfo.InvariantCulture, $"{folder} ({i + 1})"))];
    }

    private static void WriteScores(HtmlWriter html, string[] names, IReadOnlyList<ReportContent> contents)
    {
        string[] scores = [.. contents.SelectMany(content => Summary.Scores(content).Select(score => score.Name)).Distinct()];
        using (html.In("section", ("id", "scores")))
        {
            html.Element("h2", "Best epochs");
            Table(html, "Scores of the runs", ["run", .. scores.Select(score => score + ", %"), "best epoch"], null, names.Length, run =>
            {
                html.Element("th", names[run], ("scope", "row"));
                var found = Summary.Scores(contents[run]).ToDictionary(score => score.Name, score => score.Percent);
                foreach (string score in scores)
                    html.Element("td", found.TryGetValue(score, out double percent) ? Numbers.Percent(percent / 100) : None);
                ResultsTable results = contents[run].Run.Results;
                html.Element("td", results.Best < 0
                    ? None
                    : string.Create(CultureInfo.InvariantCulture, $"{results.Epochs[results.Best]} of {results.Epochs[^1]}"));
            });
        }
    }

    private static void WriteClasses(HtmlWriter html, string[] names, IReadOnlyList<ReportContent> contents)
    {
        Dictionary<string, double>[] scores = [.. contents.Select(IoUByClass)];
        string[] classes = [.. scores.SelectMany(run => run.Keys).Distinct()];
        if (classes.Length == 0)
            return;
        using (html.In("section", ("id", "classes")))
        {
            html.Element("h2", "IoU of the classes");
            html.Element("p", "In percent, of the best epochs. The highest of a row is bold.", ("class", "note"));
            Table(html, "IoU of the classes by run", ["class", .. names], null, classes.Length, row =>
            {
                html.Element("th", classes[row], ("scope", "row"));
                double[] values = [.. scores.Select(run => run.GetValueOrDefault(classes[row], double.NaN))];
                double best = values.Where(value => !double.IsNaN(value)).DefaultIfEmpty(double.NaN).Max();
                foreach (double value in values)
                {
                    using (html.In("td"))
                        html.Element(value == best ? "strong" : "span", double.IsNaN(value) ? None : Numbers.Percent(value));
                }
            });
        }
    }

    private static Dictionary<string, double> IoUByClass(ReportContent content)
    {
        var result = new Dictionary<string, double>(StringComparer.Ordinal);
        if (content.Segmenter is not { } segmenter)
            return result;
        for (int c = 0; c < segmenter.ClassNames.Count; c++)
            result[segmenter.ClassNames[c]] = segmenter.Measures.Matrix.IntersectionOverUnion(c);
        return result;
    }

    private static void WriteDifferences(
        HtmlWriter html, string heading, string[] names, IReadOnlyList<IReadOnlyDictionary<string, string>> facts)
    {
        string[] different = [.. facts.SelectMany(run => run.Keys).Distinct()
            .Where(key => facts.Select(run => run.GetValueOrDefault(key)).Distinct().Count() > 1)];
        using (html.In("section"))
        {
            html.Element("h2", heading);
            if (different.Length == 0)
            {
                html.Element("p", "None.");
                return;
            }

            Table(html, heading, ["name", .. names], "text", different.Length, row =>
            {
                html.Element("th", different[row], ("scope", "row"));
                foreach (IReadOnlyDictionary<string, string> run in facts)
                    html.Element("td", run.GetValueOrDefault(different[row], None), ("class", "text"));
            });
        }
    }

    private static void Table(
        HtmlWriter html, string label, IReadOnlyList<string> headings, string? style, int rows, Action<int> writeRow)
    {
        using (html.InScroll(label))
        using (html.In("table"))
        {
            using (html.In("thead"))
            using (html.In("tr"))
            {
                foreach (string heading in headings)
                    html.Element("th", heading, ("scope", "col"), ("class", style));
            }

            using (html.In("tbody"))
            {
                for (int row = 0; row < rows; row++)
                {
                    using (html.In("tr"))
                        writeRow(row);
                }
            }
        }
    }
}
