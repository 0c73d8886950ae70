using System.Buffers.Binary;

namespace Sunet.Data.Tests;

/// <summary>
/// JPEGs of 117 x 83 noisy pixels that <c>cjpeg</c> of libjpeg-turbo wrote in every way it knows, and ways to damage them, independently of
/// the product's own parser.
/// </summary>
internal static class TestJpeg
{
    /// <summary>Those whose codes are Huffman's.</summary>
    public static readonly string[] Names =
    [
        "baseline-420", "baseline-422-optimized", "baseline-444", "baseline-grey", "baseline-restarts", "baseline-scans",
        "progressive-420", "progressive-444", "progressive-grey", "progressive-restarts",
    ];

    /// <summary>A whole file.</summary>
    public static byte[] Read(string name)
    {
        using Stream resource = typeof(TestJpeg).Assembly.GetManifestResourceStream(name + ".jpg")!;
        var file = new byte[resource.Length];
        resource.ReadExactly(file);
        return file;
    }

    /// <summary>Where each scan's header begins, its codes begin, and its codes end.</summary>
    public static List<(int Header, int Codes, int End)> Scans(byte[] file)
    {
        var scans = new List<(int, int, int)>();
        for (int at = 2; file[at + 1] != 0xD9;)
        {
            int next = at + 2 + BinaryPrimitives.ReadUInt16BigEndian(file.AsSpan(at + 2));
            if (file[at + 1] == 0xDA)
            {
                int header = at, codes = next;
                while (file[next] != 0xFF || file[next + 1] is 0 or (>= 0xD0 and <= 0xD7))
                    next++;
                scans.Add((header, codes, next));
            }

            at = next;
        }

        return scans;
    }

    /// <summary>A file with zeros from one place to another.</summary>
    public static byte[] Zeroed(byte[] file, int from, int to)
    {
        byte[] damaged = [.. file];
        damaged.AsSpan(from..to).Clear();
        return damaged;
    }

    /// <summary>A file without what lies between two places.</summary>
    public static byte[] Without(byte[] file, int from, int to) => [.. file[..from], .. file[to..]];

    /// <summary>A file with EXIF data that has an orientation alone.</summary>
    public static byte[] WithOrientation(byte[] file, int orientation)
    {
        byte[] tiff = Tiff(orientation);
        byte[] segment = [0xFF, 0xE1, 0, (byte)(tiff.Length + 8), .. "Exif\0\0"u8, .. tiff];
        return [.. file[..2], .. segment, .. file[2..]];
    }

    /// <summary>EXIF data with an orientation alone.</summary>
    public static byte[] Tiff(int orientation) =>
        [.. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0];

    /// <summary>A progressive image of grey whose scans go over it again and again, in a few kilobytes.</summary>
    public static byte[] ManyScans(int side, int bands)
    {
        var file = new List<byte>();
        file.AddRange([0xFF, 0xD8, 0xFF, 0xC2, 0, 11, 8, (byte)(side >> 8), (byte)side, (byte)(side >> 8), (byte)side, 1, 1, 0x11, 0]);
        file.AddRange([0xFF, 0xDB, 0, 67, 0, .. Enumerable.Repeat((byte)1, 64)]);

        // The one code of the first coefficient says 'as before'; that of the others ends the bands of 16384 blocks and more.
        file.AddRange([0xFF, 0xC4, 0, 20, 0x00, 1, .. new byte[15], 0, 0xFF, 0xC4, 0, 20, 0x10, 1, .. new byte[15], 0xE0]);
        int blocks = (side + 7) / 8 * ((side + 7) / 8);
        Scan(0, 0, 0, 0, new byte[(blocks + 7) / 8]);
        byte[] ends = new byte[(((blocks / 16384) + 1) * 15 / 8) + 1];
        for (int band = 1; band <= bands; band++)
        {
            for (int low = 13; low >= 0; low--)
                Scan(band, band == bands ? 63 : band, low == 13 ? 0 : low + 1, low, ends);
        }

        file.AddRange([0xFF, 0xD9]);
        return [.. file];

        void Scan(int first, int last, int high, int low, byte[] codes) =>
            file.AddRange([0xFF, 0xDA, 0, 8, 1, 1, 0, (byte)first, (byte)last, (byte)((high << 4) | low), .. codes]);
    }
}
