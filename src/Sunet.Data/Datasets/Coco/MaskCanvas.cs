using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// Joins the masks of an image's objects into one label map: background where there is none, an object's class where there is one, ignore
/// where several overlap. Its memory is used again from image to image; used by one thread at a time.
/// </summary>
/// <remarks>
/// Masks are kept as runs down the columns, as COCO keeps them, and the map is filled in one sweep over all runs' ends, so that the time
/// follows from the outlines and the map, whatever number of objects covers it.
/// </remarks>
internal sealed class MaskCanvas
{
    // Far more than any image's outlines have (a crowded one has some ten thousand), and sorted in well under a second.
    private const int MostRuns = 1 << 21;

    private readonly List<int> crossings = [];
    private readonly List<long> runs = [];
    private readonly List<long> ends = [];
    private byte[] columns = [];
    private int height, width, polygons, budget;

    /// <summary>The image's height.</summary>
    public int Height => height;

    /// <summary>The image's width.</summary>
    public int Width => width;

    /// <summary>The image's pixels.</summary>
    public int Pixels => height * width;

    /// <summary>Starts an image without objects.</summary>
    public void BeginImage(int imageHeight, int imageWidth)
    {
        (height, width, budget) = (imageHeight, imageWidth, MostRuns);
        ends.Clear();
    }

    /// <summary>Starts an object without pixels.</summary>
    public void BeginObject()
    {
        runs.Clear();
        polygons = 0;
    }

    /// <summary>Adds a polygon to the object.</summary>
    /// <param name="points">x and y of each vertex in turn, in fifths of a pixel (see <see cref="PolygonRaster.Round"/>).</param>
    /// <exception cref="InvalidDataException">The image's outlines are beyond anything that an image has.</exception>
    public void AddPolygon(ReadOnlySpan<int> points)
    {
        crossings.Clear();
        if (!PolygonRaster.TryCross(points, height, width, crossings, budget))
            throw TooLong();
        Span<int> sorted = CollectionsMarshal.AsSpan(crossings);
        sorted.Sort();
        polygons++;
        for (int i = 0; i < sorted.Length; i += 2)
            AddRun(sorted[i], i + 1 < sorted.Length ? sorted[i + 1] : Pixels);
    }

    /// <summary>Adds covered pixels to the object; where it has no polygons, behind those it has.</summary>
    /// <param name="start">The first pixel, counted down the columns.</param>
    /// <param name="end">The pixel behind the last.</param>
    /// <exception cref="InvalidDataException">The image's outlines are beyond anything that an image has.</exception>
    public void AddRun(int start, int end)
    {
        if (--budget < 0)
            throw TooLong();
        runs.Add(((long)start << 32) | (uint)end);
    }

    /// <summary>Puts the object on the map, each pixel once however many of its parts cover it.</summary>
    /// <param name="label">Its class, above 0.</param>
    public void EndObject(byte label)
    {
        Span<long> sorted = CollectionsMarshal.AsSpan(runs);
        if (polygons > 1)
            sorted.Sort();
        int covered = 0;
        foreach (long run in sorted)
        {
            int start = Math.Max(covered, (int)(run >> 32)), end = (int)run;
            if (start >= end)
                continue;
            ends.Add(End(start, label, opens: true));
            ends.Add(End(end, label, opens: false));
            covered = end;
        }
    }

    /// <summary>Writes the label map.</summary>
    /// <param name="labels">[H, W] of the image's size.</param>
    public void CopyTo(Span2D<byte> labels)
    {
        Span<byte> target = GrowOnly.Reserve(ref columns, Pixels);
        Span<long> sorted = CollectionsMarshal.AsSpan(ends);
        sorted.Sort();
        int filled = 0, objects = 0, sum = 0;
        foreach (long end in sorted)
        {
            int position = (int)(end >> 9), label = (byte)(end >> 1), step = (end & 1) == 1 ? 1 : -1;
            target[filled..position].Fill(objects switch { 0 => 0, 1 => (byte)sum, _ => LabelFile.IgnoreLabel });
            (filled, objects, sum) = (position, objects + step, sum + (step * label));
        }

        target[filled..].Clear();
        Transpose(target, labels);
    }

    private static long End(int position, byte label, bool opens) => ((long)position << 9) | ((long)label << 1) | (opens ? 1L : 0L);

    private void Transpose(ReadOnlySpan<byte> source, Span2D<byte> labels)
    {
        const int Tile = 32;
        for (int left = 0; left < width; left += Tile)
        {
            int right = Math.Min(width, left + Tile);
            for (int y = 0; y < height; y++)
            {
                Span<byte> row = labels.GetRowSpan(y);
                for (int x = left; x < right; x++)
                    row[x] = source[(x * height) + y];
            }
        }
    }

    private static InvalidDataException TooLong() => new($"its image's outlines have over {MostRuns} runs of pixels");
}
