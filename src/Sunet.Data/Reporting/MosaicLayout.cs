using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Where the pairs of a mosaic lie: pictures of one width, in as many columns as make a sheet of a usual shape.</summary>
internal sealed class MosaicLayout
{
    /// <summary>Pixels between the two pictures of a pair.</summary>
    public const int Between = 4;

    /// <summary>Pixels around a pair.</summary>
    public const int Gap = 14;

    /// <summary>Pixels of the line above a pair.</summary>
    public const int Caption = 24;

    private const int LeastWidth = 200, MostWidth = 320;
    private const double TallestShape = 1.5, SheetShape = 1.5;

    private readonly int[] heights, rowTops;
    private readonly (int Height, int Width)[] pictures;

    /// <summary>Lays pairs out.</summary>
    /// <param name="images">The sizes of the images; at least one.</param>
    public MosaicLayout(IReadOnlyList<(int Height, int Width)> images)
    {
        PictureWidth = Math.Clamp(images.Max(image => image.Width), LeastWidth, MostWidth);
        pictures = [.. images.Select(Shrunk)];
        Columns = Enumerable.Range(1, images.Count).MinBy(columns => Math.Abs(Math.Log(WidthOf(columns) / (SheetShape * HeightOf(columns)))));
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

    private (int Height, int Width) Shrunk((int Height, int Width) image)
    {
        double scale = Math.Min((double)PictureWidth / image.Width, TallestShape * PictureWidth / image.Height);
        return (Math.Max(1, (int)Math.Round(image.Height * scale)), Math.Max(1, (int)Math.Round(image.Width * scale)));
    }

    private int[] RowHeights(int columns) => [.. pictures.Chunk(columns).Select(row => row.Max(picture => picture.Height))];

    private int WidthOf(int columns) => (columns * (PairWidth + Gap)) + Gap;

    private int HeightOf(int columns)
    {
        int[] rows = RowHeights(columns);
        return rows.Sum() + (rows.Length * (Caption + Gap));
    }
}
