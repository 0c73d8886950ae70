using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Datasets.Labels;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The sections of a page that show images: confused classes, the worst and the median images, and doubtful labels.</summary>
internal sealed class ImageSections
{
    private const int MostListed = 60;

    private readonly SegmenterContent content;
    private readonly Dictionary<ImageScore, ImageFigure> figures = new(ReferenceEqualityComparer.Instance);
    private readonly ImageFigure[] doubtful;

    /// <summary>Gives every image a name within the page.</summary>
    /// <param name="content">What the validation found.</param>
    public ImageSections(SegmenterContent content)
    {
        this.content = content;
        foreach (ReportImage image in content.Images.Worst.Concat(content.Images.Median).Concat(content.Images.OfPairs))
            figures.Add(image.Score, Figure("image", figures.Count, image));
        doubtful = [.. content.Images.Doubtful.Select((image, i) => Figure("doubt", i, image))];
    }

    /// <summary>Writes the classes that are taken for each other, with links to images where that happens.</summary>
    /// <param name="html">Receives the section.</param>
    public void WritePairs(HtmlWriter html)
    {
        using (html.In("section", ("id", "pairs")))
        {
            html.Element("h2", "Classes taken for each other");
            if (content.Images.Pairs.Count == 0)
            {
                html.Element("p", "No pixel was predicted wrongly.");
                return;
            }

            using (html.InScroll("Confused classes"))
            using (html.In("table"))
            {
                Head(html, ["classes"], ["first as second, pixels", "second as first, pixels"], ["most in"]);
                using (html.In("tbody"))
                {
                    foreach (ConfusedPair pair in content.Images.Pairs)
                        WritePair(html, pair);
                }
            }

            Gallery(html, content.Images.OfPairs.Select(image => figures[image.Score]));
        }
    }

    /// <summary>Writes the worst and the median images.</summary>
    /// <param name="html">Receives the section.</param>
    public void WriteImages(HtmlWriter html)
    {
        using (html.In("section", ("id", "images")))
        {
            html.Element("h2", "Images");
            html.Element("p", "Ranked by the mean IoU of each image's own classes. Left of the line is the prediction, right of it the "
                + "truth; the slider moves the line.", ("class", "note"));
            ClassName.Legend(html, content.ClassNames, ClassPalette.Of(content.ClassNames));
            html.Element("h3", string.Create(CultureInfo.InvariantCulture,
                $"The {content.Images.Worst.Count} worst of {content.Measures.Scores.Images.Count} images"));
            Gallery(html, content.Images.Worst.Select(image => figures[image.Score]));
            if (content.Images.Median.Count == 0)
                return;
            html.Element("h3", string.Create(CultureInfo.InvariantCulture, $"{content.Images.Median.Count} images around the median"));
            Gallery(html, content.Images.Median.Select(image => figures[image.Score]));
        }
    }

    /// <summary>Writes the labels that look wrong.</summary>
    /// <param name="html">Receives the section.</param>
    public void WriteDoubts(HtmlWriter html)
    {
        using (html.In("section", ("id", "doubts")))
        {
            html.Element("h2", "Labels that look wrong");
            html.Element("p", string.Create(CultureInfo.InvariantCulture,
                $"Connected pixels with one label that are predicted as one other class with a probability above {LabelDoubt.SureFrom}. ")
                + string.Create(CultureInfo.InvariantCulture,
                $"The {Counted.Text(content.Images.SearchedForDoubts, "images")} with the largest errors were searched."),
                ("class", "note"));
            if (doubtful.Length == 0)
            {
                html.Element("p", "None was found.");
                return;
            }

            using (html.InScroll("Doubtful labels"))
            using (html.In("table"))
            {
                Head(html, ["image", "label", "predicted"], ["pixels", "of the image, %", "probability", "columns", "rows"], []);
                using (html.In("tbody"))
                {
                    var doubts = doubtful.SelectMany(figure => figure.Image.Doubts.Select(doubt => (figure, doubt)));
                    foreach ((ImageFigure figure, LabelDoubt doubt) in doubts.OrderByDescending(d => d.doubt.Pixels).Take(MostListed))
                        WriteDoubt(html, figure, doubt);
                }
            }

            Gallery(html, doubtful);
        }
    }

    private ImageFigure Figure(string prefix, int index, ReportImage image) =>
        new(FormattableString.Invariant($"{prefix}-{index + 1}"), image, content.ClassNames);

    private void WritePair(HtmlWriter html, ConfusedPair pair)
    {
        using (html.In("tr"))
        {
            html.Element("th", $"{content.ClassNames[pair.First]} / {content.ClassNames[pair.Second]}", ("scope", "row"));
            html.Element("td", Share(pair.FirstAsSecond, pair.First));
            html.Element("td", Share(pair.SecondAsFirst, pair.Second));
            using (html.In("td", ("class", "text")))
            {
                for (int i = 0; i < pair.Images.Count; i++)
                {
                    (ImageScore image, long pixels) = pair.Images[i];
                    html.Text(i == 0 ? "" : ", ");
                    html.Element("a", image.Item.Name, ("href", "#" + figures[image].Id));
                    html.Text($" ({Numbers.Grouped(pixels)})");
                }
            }
        }
    }

    /// <summary>Pixels, and how many percent of their class they are.</summary>
    private string Share(long pixels, int category)
    {
        long all = Enumerable.Range(0, content.ClassNames.Count).Sum(prediction => content.Measures.Matrix[category, prediction]);
        return all == 0 ? "0" : $"{Numbers.Grouped(pixels)} ({Numbers.Percent((double)pixels / all)} %)";
    }

    private void WriteDoubt(HtmlWriter html, ImageFigure figure, LabelDoubt doubt)
    {
        ImageScore score = figure.Image.Score;
        using (html.In("tr"))
        {
            using (html.In("th", ("scope", "row")))
                html.Element("a", score.Item.Name, ("href", "#" + figure.Id));
            html.Element("td", content.ClassNames[doubt.Label], ("class", "text"));
            html.Element("td", content.ClassNames[doubt.Prediction], ("class", "text"));
            html.Element("td", Numbers.Grouped(doubt.Pixels));
            html.Element("td", Numbers.Percent((double)doubt.Pixels / ((long)score.Height * score.Width)));
            html.Element("td", Numbers.Fixed(doubt.Confidence, 3));
            html.Element("td", FormattableString.Invariant($"{doubt.Left}–{doubt.Left + doubt.Width - 1}"));
            html.Element("td", FormattableString.Invariant($"{doubt.Top}–{doubt.Top + doubt.Height - 1}"));
        }
    }

    /// <summary>The headings of a table: columns of texts, then of numbers, then of texts again.</summary>
    private static void Head(HtmlWriter html, IEnumerable<string> first, IEnumerable<string> numbers, IEnumerable<string> last)
    {
        using (html.In("thead"))
        using (html.In("tr"))
        {
            Cells(first, "text");
            Cells(numbers, null);
            Cells(last, "text");
        }

        void Cells(IEnumerable<string> headings, string? style)
        {
            foreach (string heading in headings)
                html.Element("th", heading, ("scope", "col"), ("class", style));
        }
    }

    private static void Gallery(HtmlWriter html, IEnumerable<ImageFigure> figures)
    {
        using (html.In("div", ("class", "gallery")))
        {
            foreach (ImageFigure figure in figures)
                figure.Write(html);
        }
    }
}
