using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Reporting;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>An image with a slider that wipes between prediction and truth, and a button that shows the marked pixels.</summary>
/// <param name="Id">The figure's name within the page.</param>
/// <param name="Image">The image.</param>
/// <param name="ClassNames">The classes by index.</param>
internal sealed record ImageFigure(string Id, ReportImage Image, IReadOnlyList<string> ClassNames)
{
    private const int ListedClasses = 4, Enlarged = 240;

    /// <summary>Writes the figure.</summary>
    /// <param name="html">Receives it.</param>
    public void Write(HtmlWriter html)
    {
        (ImageScore score, LayeredPicture picture) = (Image.Score, Image.Picture);
        string name = score.Item.Name;
        bool hasDoubts = Image.Doubts.Count > 0;
        string marked = hasDoubts ? "doubtful labels" : "wrong pixels";
        using (html.In("figure", ("class", "image"), ("id", Id)))
        {
            using (html.In("div", ("class", picture.Width < Enlarged ? "layers enlarged" : "layers"),
                ("style", FormattableString.Invariant($"aspect-ratio:{picture.Width}/{picture.Height}"))))
            {
                Layer(html, "photograph", picture.Photograph, "Photograph " + name);
                Layer(html, "truth", picture.Truth, "True classes: " + Describe(score, pair => pair.Label));
                Layer(html, "prediction", picture.Prediction, "Predicted classes: " + Describe(score, pair => pair.Prediction));
                Layer(html, "marks", picture.Marks, hasDoubts ? DescribeDoubts() : $"Wrong pixels: {WrongShare(score)} %");
                html.Element("span", "prediction", ("class", "side left"), ("aria-hidden", "true"));
                html.Element("span", "truth", ("class", "side right"), ("aria-hidden", "true"));
            }

            using (html.In("div", ("class", "controls")))
            {
                using (html.In("label"))
                {
                    html.Element("span", "prediction up to");
                    html.Empty("input", ("type", "range"), ("class", "wipe"), ("min", "0"), ("max", "100"), ("value", "50"),
                        ("aria-label", $"Share of {name} that shows the prediction, the rest the truth, in percent"));
                }

                html.Element("button", marked, ("type", "button"), ("class", "toggle"), ("aria-pressed", "false"));
            }

            WriteCaption(html, score);
        }
    }

    private void WriteCaption(HtmlWriter html, ImageScore score)
    {
        using (html.In("figcaption"))
        {
            html.Element("strong", score.Item.Name);
            html.Text(string.Create(CultureInfo.InvariantCulture,
                $": mIoU {Numbers.Percent(score.MeanIoU)} %, {WrongShare(score)} % of the pixels wrong. "));
            if (Image.Doubts.Count == 0)
            {
                html.Text("Lowest: " + string.Join(", ", score.Classes.OrderBy(c => c.IoU).Take(ListedClasses)
                    .Select(c => $"{ClassNames[c.Class]} {Numbers.Percent(c.IoU)}")) + ".");
            }
        }
    }

    private static void Layer(HtmlWriter html, string style, EncodedPicture picture, string text) =>
        html.Empty("img", ("class", style), ("src", picture.ToDataUri()), ("alt", text), ("decoding", "async"));

    private static string WrongShare(ImageScore score) => Numbers.Percent((double)score.WrongPixels / score.LabelledPixels);

    private string DescribeDoubts() => "Doubtful labels: " + string.Join("; ", Image.Doubts.Take(ListedClasses).Select(doubt =>
        $"labelled {ClassNames[doubt.Label]}, predicted {ClassNames[doubt.Prediction]}, {Numbers.Grouped(doubt.Pixels)} pixels"));

    /// <summary>The classes with the most pixels, in percent.</summary>
    private string Describe(ImageScore score, Func<PairCount, byte> classOf) => string.Join(", ", score.Pairs.GroupBy(classOf)
        .Select(group => (Class: group.Key, Share: (double)group.Sum(pair => (long)pair.Pixels) / score.LabelledPixels))
        .OrderByDescending(c => c.Share).Take(ListedClasses)
        .Select(c => $"{ClassNames[c.Class]} {Numbers.Fixed(100 * c.Share, 0)} %"));
}
