using Sunet.Cli.Output;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The page of one run.</summary>
internal static class RunPage
{
    /// <summary>Writes the page.</summary>
    /// <param name="content">What it shows.</param>
    public static string Write(ReportContent content)
    {
        RunRecord run = content.Run;
        IReadOnlyList<CurveChart> charts = RunCharts.Of(run);
        string scores = string.Join(", ", Summary.Scores(content).Take(1).Select(s => $": {s.Name} {Numbers.Percent(s.Percent / 100)} %"));
        return PageFrame.Write($"Run {run.Name}{scores}", charts, html =>
        {
            using (html.In("header"))
            {
                html.Element("h1", "Run " + run.Name);
                Summary.Write(html, content);
                if (content.Segmenter is null)
                    html.Element("p", Missing(run));
                WriteContents(html, content);
            }

            RunCharts.Write(html, charts);
            if (content.Segmenter is { } segmenter)
                WriteValidation(html, segmenter);
            FactTables.WriteSettings(html, run);
            WriteFooter(html);
        });
    }

    /// <summary>Writes how the scores are defined and what made the page.</summary>
    /// <param name="html">Receives it.</param>
    public static void WriteFooter(HtmlWriter html)
    {
        using (html.In("footer"))
        {
            html.Element("p", Evaluation.Definition);
            html.Element("p", "Made by sunet " + SystemFacts.Version + ".");
        }
    }

    private static void WriteValidation(HtmlWriter html, SegmenterContent segmenter)
    {
        var images = new ImageSections(segmenter);
        ClassTable.Write(html, segmenter);
        MatrixTable.Write(html, segmenter.Measures.Matrix, segmenter.ClassNames);
        images.WritePairs(html);
        images.WriteImages(html);
        images.WriteDoubts(html);
        FactTables.WriteData(html, segmenter.Findings);
    }

    private static void WriteContents(HtmlWriter html, ReportContent content)
    {
        (string Id, string Name)[] sections = content.Segmenter is null
            ? [("curves", "Curves"), ("settings", "Settings and environment")]
            :
            [
                ("curves", "Curves"), ("classes", "Classes"), ("matrix", "Confusion matrix"), ("pairs", "Confused classes"),
                ("images", "Images"), ("doubts", "Doubtful labels"), ("data", "Data"), ("settings", "Settings and environment"),
            ];
        using (html.In("nav", ("aria-label", "Sections")))
        {
            foreach ((string id, string name) in sections)
                html.Element("a", name, ("href", "#" + id));
        }
    }

    private static string Missing(RunRecord run) => run.Results.IsSegmenter
        ? "No epoch of the run was validated, so that there are no best weights to show images of."
        : "The run trained a classifier, of which there are no images to show.";
}
