using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;

namespace Sunet.Native.Tensors;

/// <summary>An image, or a part of one, in a caller's memory in any layout.</summary>
internal readonly ref struct ImagePixels
{
    private readonly ref readonly byte first;
    private readonly PixelFormat format;
    private readonly nint stride;

    /// <summary>An image of pixels.</summary>
    public ImagePixels(ReadOnlySpan2D<Rgb> image)
        : this(
            in Unsafe.As<Rgb, byte>(ref image.DangerousGetReference()), image.Height, image.Width, PixelFormat.Rgb, Stride(image))
    {
    }

    /// <summary>An image of bytes, of which there are as many as the layout has.</summary>
    public ImagePixels(ReadOnlySpan<byte> pixels, ImageLayout layout)
        : this(in MemoryMarshal.GetReference(pixels), layout.Height, layout.Width, layout.Format, layout.StrideBytes)
    {
    }

    private ImagePixels(ref readonly byte first, int height, int width, PixelFormat format, nint stride)
    {
        this.first = ref first;
        (Height, Width) = (height, width);
        (this.format, this.stride) = (format, stride);
    }

    /// <summary>Rows.</summary>
    public int Height { get; }

    /// <summary>Pixels in a row.</summary>
    public int Width { get; }

    /// <summary>A rectangle of the image.</summary>
    public ImagePixels Slice(int top, int left, int height, int width)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)(uint)top + (uint)height, (ulong)Height, nameof(height));
        ArgumentOutOfRangeException.ThrowIfGreaterThan((ulong)(uint)left + (uint)width, (ulong)Width, nameof(width));
        nint offset = (top * stride) + ((nint)left * ImageLayout.PixelBytes(format));
        return new ImagePixels(in Unsafe.AddByteOffset(ref Unsafe.AsRef(in first), offset), height, width, format, stride);
    }

    /// <summary>The image's own memory as [H, W, 3], where it is RGB and its rows follow each other without gaps.</summary>
    public bool TryGetRows(out ReadOnlySpan<byte> rows)
    {
        long bytes = 3L * Height * Width;
        bool isWhole = format == PixelFormat.Rgb && (Height == 1 || stride == 3 * (nint)Width) && bytes <= int.MaxValue;
        rows = isWhole ? Bytes((int)bytes) : [];
        return isWhole;
    }

    /// <summary>Writes the image as RGB without gaps.</summary>
    /// <param name="rows">Receives [H, W, 3]; exactly as many bytes.</param>
    public void CopyTo(Span<byte> rows)
    {
        int row = Width * ImageLayout.PixelBytes(format);
        if (Height == 1 || stride == row)
        {
            PixelConversion.ToRgb(Bytes(checked(Height * row)), format, rows);
            return;
        }

        for (int y = 0; y < Height; y++)
            RowTo(y, rows.Slice(y * 3 * Width, 3 * Width));
    }

    /// <summary>Writes a row as RGB, [W, 3].</summary>
    public void RowTo(int y, Span<byte> row)
    {
        ReadOnlySpan<byte> pixels = MemoryMarshal.CreateReadOnlySpan(
            in Unsafe.AddByteOffset(ref Unsafe.AsRef(in first), y * stride), Width * ImageLayout.PixelBytes(format));
        PixelConversion.ToRgb(pixels, format, row);
    }

    private static nint Stride(ReadOnlySpan2D<Rgb> image) => image.Height < 2
        ? 3 * (nint)image.Width
        : Unsafe.ByteOffset(ref image.DangerousGetReferenceAt(0, 0), ref image.DangerousGetReferenceAt(1, 0));

    private ReadOnlySpan<byte> Bytes(int count) => MemoryMarshal.CreateReadOnlySpan(in first, count);
}
