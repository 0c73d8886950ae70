using System.Buffers.Binary;
using Sunet.Data.Datasets;

namespace Sunet.Cli.Runs;

/// <summary>The sizes of a split's images, taken from the headers of their masks so that nothing is decoded.</summary>
internal static class MaskSizes
{
    private const int WidthOffset = 16;
    private const int HeaderBytes = 24;

    /// <summary>The items with their sizes, those of one size together. A mask that is no PNG counts as empty; loading it tells why.</summary>
    public static IReadOnlyList<(SegmentationItem Item, int Height, int Width)> Sorted(IEnumerable<SegmentationItem> items) =>
        [.. items.Select(Measure).OrderBy(i => i.Height).ThenBy(i => i.Width)];

    private static (SegmentationItem Item, int Height, int Width) Measure(SegmentationItem item)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        try
        {
            using var file = File.OpenHandle(item.LabelPath);
            if (RandomAccess.Read(file, header, 0) < HeaderBytes)
                return (item, 0, 0);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return (item, 0, 0);
        }

        int width = BinaryPrimitives.ReadInt32BigEndian(header[WidthOffset..]);
        int height = BinaryPrimitives.ReadInt32BigEndian(header[(WidthOffset + sizeof(int))..]);
        return (item, Math.Max(0, height), Math.Max(0, width));
    }
}
