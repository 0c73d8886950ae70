using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>The images that a report shows: chosen by their scores, and predicted again to be drawn.</summary>
/// <param name="Worst">The images with the lowest mean IoU.</param>
/// <param name="Median">Images in the middle of all by their mean IoU.</param>
/// <param name="Pairs">The pairs of classes that are most often taken for each other.</param>
/// <param name="OfPairs">The images of these pairs that are neither among the worst nor among the median ones.</param>
/// <param name="Doubtful">Images with labels that are probably wrong, those with the largest region first.</param>
/// <param name="SearchedForDoubts">How many images were searched for such labels.</param>
internal sealed record ReportImages(
    IReadOnlyList<ReportImage> Worst, IReadOnlyList<ReportImage> Median, IReadOnlyList<ConfusedPair> Pairs,
    IReadOnlyList<ReportImage> OfPairs, IReadOnlyList<ReportImage> Doubtful, int SearchedForDoubts)
{
    /// <summary>How many of the worst and of the median images are shown, and how many pairs of classes are listed.</summary>
    public const int MostImages = 12, MostPairs = 8;

    /// <summary>Stands for the images of a page that shows none.</summary>
    public static ReportImages None { get; } = new([], [], [], [], [], 0);

    private const int ImagesOfAPair = 2, MostSearched = 36, MostDoubtful = 12;

    // Probabilities of all classes are held for one image at a time.
    private const long MostProbabilities = 1L << 27;

    /// <summary>Chooses, predicts and draws.</summary>
    /// <param name="predictor">Of the weights that are reported.</param>
    /// <param name="data">The data.</param>
    /// <param name="scores">How well all images were predicted.</param>
    /// <param name="report">Told how many images are done, and of how many.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="Sunet.Native.SunetException">An image cannot be read, or does not fit into memory.</exception>
    public static ReportImages Gather(
        Predictor predictor, ValidationData data, ImageScores scores, Action<int, int> report, CancellationToken cancellation)
    {
        IReadOnlyList<ImageScore> worst = ImageChoice.Worst(scores.Images, MostImages);
        IReadOnlyList<ImageScore> median = ImageChoice.Median(scores.Images, MostImages);
        IReadOnlyList<ConfusedPair> pairs = ConfusedPair.Largest(scores.Images, MostPairs, ImagesOfAPair);
        ImageScore[] ofPairs = [.. pairs.SelectMany(pair => pair.Images).Select(image => image.Image).Distinct()
            .Except(worst).Except(median)];
        ImageScore[] searched = [.. ImageChoice.LargestErrors(scores.Images, MostSearched).Where(image =>
            (long)image.Height * image.Width * data.Validation.ClassCount <= MostProbabilities)];
        ImageScore[] shown = [.. worst, .. median, .. ofPairs];

        var painter = new Painter(predictor, data, cancellation);
        int total = shown.Length + searched.Length, done = 0;
        var pictures = new Dictionary<ImageScore, ReportImage>(ReferenceEqualityComparer.Instance);
        foreach (ImageScore score in BySize(shown))
        {
            pictures[score] = painter.Draw(score);
            report(++done, total);
        }

        var doubtful = new List<ReportImage>();
        foreach (ImageScore score in BySize(searched))
        {
            if (painter.DrawDoubts(score) is { } image)
                Keep(doubtful, image);
            report(++done, total);
        }

        return new ReportImages([.. worst.Select(s => pictures[s])], [.. median.Select(s => pictures[s])], pairs,
            [.. ofPairs.Select(s => pictures[s])], doubtful, searched.Length);
    }

    /// <summary>Images of one size after each other, so that every size is compiled once.</summary>
    private static IEnumerable<ImageScore> BySize(IEnumerable<ImageScore> images) =>
        images.OrderBy(image => image.Height).ThenBy(image => image.Width);

    /// <summary>Keeps an image if its largest region is among the largest so far.</summary>
    private static void Keep(List<ReportImage> images, ReportImage image)
    {
        images.Add(image);
        images.Sort((a, b) => b.Doubts[0].Pixels != a.Doubts[0].Pixels
            ? b.Doubts[0].Pixels.CompareTo(a.Doubts[0].Pixels)
            : string.CompareOrdinal(a.Score.Item.Name, b.Score.Item.Name));
        if (images.Count > MostDoubtful)
            images.RemoveAt(MostDoubtful);
    }

    /// <summary>Predicts images once more and draws them.</summary>
    private sealed class Painter(Predictor predictor, ValidationData data, CancellationToken cancellation)
    {
        private readonly SampleBuffers buffers = new();
        private readonly ClassColours colours = ClassPalette.Of(data.Validation.ClassNames);

        /// <summary>Draws an image with its wrong pixels marked.</summary>
        public ReportImage Draw(ImageScore score)
        {
            (Memory2D<Rgb> image, Memory2D<byte> labels) = Load(score.Item);
            var prediction = new byte[image.Height, image.Width];
            predictor.Segment(image.Span, prediction, cancellation: cancellation);
            var wrong = new byte[image.Height, image.Width];
            for (int y = 0; y < image.Height; y++)
            {
                ReadOnlySpan<byte> row = labels.Span.GetRowSpan(y);
                for (int x = 0; x < row.Length; x++)
                    wrong[y, x] = row[x] != LabelFile.IgnoreLabel && row[x] != prediction[y, x] ? (byte)1 : (byte)0;
            }

            return new ReportImage(score, LayeredPicture.Draw(image.Span, labels.Span, prediction, wrong, colours));
        }

        /// <summary>Draws an image with its doubtful labels marked; null where it has none.</summary>
        public ReportImage? DrawDoubts(ImageScore score)
        {
            (Memory2D<Rgb> image, Memory2D<byte> labels) = Load(score.Item);
            int classes = data.Validation.ClassCount;
            var probabilities = new float[(long)classes * image.Height * image.Width];
            predictor.Probabilities(image.Span, probabilities, cancellation: cancellation);
            var marks = new byte[image.Height, image.Width];
            IReadOnlyList<LabelDoubt> doubts = LabelDoubt.Find(labels.Span, probabilities, classes, marks);
            if (doubts.Count == 0)
                return null;
            var prediction = new byte[image.Height, image.Width];
            predictor.Segment(image.Span, prediction, cancellation: cancellation);
            return new ReportImage(score, LayeredPicture.Draw(image.Span, labels.Span, prediction, marks, colours)) { Doubts = doubts };
        }

        private (Memory2D<Rgb> Image, Memory2D<byte> Labels) Load(SegmentationItem item)
        {
            cancellation.ThrowIfCancellationRequested();
            return data.Validation.Load(item, data.PixelCap, buffers);
        }
    }
}
