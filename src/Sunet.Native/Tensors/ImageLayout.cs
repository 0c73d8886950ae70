namespace Sunet.Native.Tensors;

/// <summary>
/// How an 8-bit image lies in a caller's memory: rows from the top down, each of them <see cref="StrideBytes"/> after the one before.
/// Bytes between the end of a row and the next row are never read.
/// </summary>
public readonly record struct ImageLayout
{
    /// <summary>An image whose rows follow each other without gaps.</summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="format">The bytes of a pixel.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size is below 1, the format is unknown, or a row has more bytes than an <see cref="int"/> can count.
    /// </exception>
    public ImageLayout(int height, int width, PixelFormat format)
        : this(height, width, format, strideBytes: null)
    {
    }

    /// <summary>An image with a distance between rows.</summary>
    /// <param name="height">Rows, at least 1.</param>
    /// <param name="width">Pixels in a row, at least 1.</param>
    /// <param name="format">The bytes of a pixel.</param>
    /// <param name="strideBytes">Bytes from the start of a row to the start of the next; at least those of a row.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A size is below 1, the format is unknown, a row has more bytes than an <see cref="int"/> can count, or the stride is smaller than
    /// a row.
    /// </exception>
    public ImageLayout(int height, int width, PixelFormat format, int strideBytes)
        : this(height, width, format, (int?)strideBytes)
    {
    }

    private ImageLayout(int height, int width, PixelFormat format, int? strideBytes)
    {
        if (height < 1 || width < 1)
        {
            throw new ArgumentOutOfRangeException(
                height < 1 ? nameof(height) : nameof(width), $"An image has at least one pixel; {height} x {width} has none.");
        }

        long row = (long)width * PixelBytes(format);
        if (row > int.MaxValue)
        {
            throw new ArgumentOutOfRangeException(
                nameof(width), $"A row of {width} pixels in {format} has {row} bytes; it may have at most {int.MaxValue}.");
        }

        if (strideBytes < row)
        {
            throw new ArgumentOutOfRangeException(nameof(strideBytes),
                $"A row of {width} pixels in {format} has {row} bytes, so rows cannot lie {strideBytes} bytes apart.");
        }

        (Height, Width, Format, StrideBytes) = (height, width, format, strideBytes ?? (int)row);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>The bytes of a pixel.</summary>
    public PixelFormat Format { get; }

    /// <summary>Bytes from the start of a row to the start of the next.</summary>
    public int StrideBytes { get; }

    /// <summary>Bytes from the first pixel to the end of the last one. The last row need not be padded.</summary>
    public long Bytes => Height == 0 ? 0 : ((Height - 1L) * StrideBytes) + RowBytes;

    /// <summary>Bytes of the pixels of a row.</summary>
    internal int RowBytes => Width * PixelBytes(Format);

    /// <summary>Bytes of a pixel.</summary>
    internal static int PixelBytes(PixelFormat format) => format switch
    {
        PixelFormat.Rgb or PixelFormat.Bgr => 3,
        PixelFormat.Rgba or PixelFormat.Bgra => 4,
        PixelFormat.Gray => 1,
        _ => throw new ArgumentOutOfRangeException(nameof(format), $"There is no pixel format {(int)format}."),
    };

    /// <summary>Refuses memory in which the image does not fit.</summary>
    /// <param name="length">Bytes of the memory.</param>
    /// <param name="name">The parameter's name.</param>
    /// <exception cref="ArgumentException">The memory is too short, or the layout is the default one, which has no pixels.</exception>
    internal void Require(int length, string name)
    {
        if (Height == 0)
            throw new ArgumentException("The layout has no pixels; make it with a height, a width and a format.", name);
        if (length < Bytes)
        {
            throw new ArgumentException(
                $"An image of {Height} x {Width} pixels in {Format} with rows {StrideBytes} bytes apart has {Bytes} bytes; "
                + $"{length} were given.", name);
        }
    }
}
