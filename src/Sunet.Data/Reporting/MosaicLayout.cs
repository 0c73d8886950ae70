using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>
/// Where the pairs of a mosaic lie: pictures in fields of the shape that most images have, in as many columns as make a sheet of a usual
/// shape.
/// </summary>
internal sealed class MosaicLayout
{
    /// <summary>Pixels between the two pictures of a pair.</summary>
    public const int Between = 4;

    /// <summary>Pixels around a pair.</summary>
    public const int Gap = 14;

    /// <summary>Pixels of the line above a pair.</summary>
    public const int Caption = 24;

    private const int LeastWidth = 200, MostWidth = 320;
    private const double TallestField = 1.5, SheetShape = 1.5, WeightOfEmpty = 3;

    private readonly int[] heights, rowTops;
    private readonly (int Height, int Width)[] pictures;

    /// <summary>Lays pairs out.</summary>
    /// <param name="images">The sizes of the images; at least one.</param>
    public MosaicLayout(IReadOnlyList<(int Height, int Width)> images)
    {
        PictureWidth = Math.Clamp(images.Max(image => image.Width), LeastWidth, MostWidth);
        double[] shapes = [.. images.Select(image => (double)image.Height / image.Width).Order()];
        double tallest = PictureWidth * Math.Min(TallestField, shapes[shapes.Length / 2]);
        pictures = [.. images.Select(image => Fitted(image, tallest))];
        Columns = Enumerable.Range(1, images.Count).MinBy(Awkwardness);
        heights = RowHeights(Columns);
        rowTops = [.. heights.Select((_, row) => heights.Take(row).Sum() + (row * (Caption + Gap)))];
        (Width, Height) = (WidthOf(Columns), HeightOf(Columns));
    }

    /// <summary>Pairs in a row.</summary>
    public int Columns { get; }

    /// <summary>The most pixels of a picture across.</summary>
    public int PictureWidth { get; }

    /// <summary>Pixels of all pairs across.</summary>
    public int Width { get; }

    /// <summary>Pixels of all pairs from top to bottom.</summary>
    public int Height { get; }

    private int PairWidth => (2 * PictureWidth) + Between;

    /// <summary>Where a pair's ground truth lies, below its caption.</summary>
    public SKRectI Truth(int index)
    {
        (int height, int width) = pictures[index];
        int left = Gap + (index % Columns * (PairWidth + Gap)), top = rowTops[index / Columns] + Caption;
        return SKRectI.Create(left, top, width, height);
    }

    /// <summary>Where a pair's prediction lies: right beside its ground truth.</summary>
    public SKRectI Prediction(int index)
    {
        SKRectI truth = Truth(index);
        return SKRectI.Create(truth.Right + Between, truth.Top, truth.Width, truth.Height);
    }

    private (int Height, int Width) Fitted((int Height, int Width) image, double tallest)
    {
        double scale = Math.Min((double)PictureWidth / image.Width, tallest / image.Height);
        return (Math.Max(1, (int)Math.Round(image.Height * scale)), Math.Max(1, (int)Math.Round(image.Width * scale)));
    }

    /// <summary>How far a sheet is from the usual shape, and how much of it the last row leaves empty.</summary>
    private double Awkwardness(int columns)
    {
        int fields = (pictures.Length + columns - 1) / columns * columns;
        double empty = (fields - pictures.Length) / (double)fields;
        return Math.Abs(Math.Log(WidthOf(columns) / (SheetShape * HeightOf(columns)))) + (WeightOfEmpty * empty);
    }

    private int[] RowHeights(int columns) => [.. pictures.Chunk(columns).Select(row => row.Max(picture => picture.Height))];

    private int WidthOf(int columns) => (columns * (PairWidth + Gap)) + Gap;

    private int HeightOf(int columns)
    {
        int[] rows = RowHeights(columns);
        return rows.Sum() + (rows.Length * (Caption + Gap));
    }
}
