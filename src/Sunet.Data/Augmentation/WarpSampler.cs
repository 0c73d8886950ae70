using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Augmentation;

/// <summary>
/// Resamples an image (bilinear) and its labels (nearest) through one warp, straight into network input. Outside the image the input is
/// zero, which is the mean colour, and the label is ignore.
/// </summary>
/// <remarks>
/// A pixel covers the square half a pixel around its centre, for images and labels alike, so both end at the same edge. Multiplications
/// and additions are never fused, so that the bits do not depend on the processor.
/// </remarks>
internal sealed class WarpSampler
{
    private readonly Vector128<float> factor, offset;

    /// <summary>Prepares for one normalisation.</summary>
    public WarpSampler(ImageNormalization normalization)
    {
        IReadOnlyList<float> mean = normalization.Mean, deviation = normalization.Deviation;
        factor = Vector128.Create(1 / (255 * deviation[0]), 1 / (255 * deviation[1]), 1 / (255 * deviation[2]), 0);
        offset = Vector128.Create(-mean[0] / deviation[0], -mean[1] / deviation[1], -mean[2] / deviation[2], 0);
    }

    /// <summary>Fills one sample of a batch.</summary>
    /// <param name="image">[H, W], contiguous.</param>
    /// <param name="labels">[H, W], contiguous, of the same size.</param>
    /// <param name="warp">From crop to image.</param>
    /// <param name="height">The crop's height.</param>
    /// <param name="width">The crop's width.</param>
    /// <param name="input">Receives [3, height, width].</param>
    /// <param name="target">Receives [height, width].</param>
    public void Sample(
        ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, in AffineWarp warp,
        int height, int width, Span<float> input, Span<int> target)
    {
        image.TryGetSpan(out ReadOnlySpan<Rgb> pixels);
        labels.TryGetSpan(out ReadOnlySpan<byte> classes);
        var source = new Source(pixels, classes, image.Height, image.Width);
        int plane = height * width;
        for (int y = 0; y < height; y++)
        {
            var row = new Row(warp, y);
            Span<int> targetRow = target.Slice(y * width, width);
            SampleLabels(source, row, targetRow);
            SampleImage(
                source, row, input.Slice(y * width, width), input.Slice(plane + (y * width), width),
                input.Slice((2 * plane) + (y * width), width));
        }
    }

    private static void SampleLabels(Source source, Row row, Span<int> target)
    {
        for (int x = 0; x < target.Length; x++)
        {
            int column = (int)MathF.Floor(row.X(x) + 0.5f), line = (int)MathF.Floor(row.Y(x) + 0.5f);
            bool inside = (uint)column < (uint)source.Width && (uint)line < (uint)source.Height;
            target[x] = inside ? source.Classes[(line * source.Width) + column] : LabelFile.IgnoreLabel;
        }
    }

    private void SampleImage(Source source, Row row, Span<float> red, Span<float> green, Span<float> blue)
    {
        for (int x = 0; x < red.Length; x++)
        {
            // The image is convex: where the first and the last of four pixels lie well inside it, so do the others.
            if (x + 4 <= red.Length && source.IsInterior(row.X(x), row.Y(x)) && source.IsInterior(row.X(x + 3), row.Y(x + 3)))
            {
                Vector128<float> a = Interior(source, row.X(x), row.Y(x)), b = Interior(source, row.X(x + 1), row.Y(x + 1));
                Vector128<float> c = Interior(source, row.X(x + 2), row.Y(x + 2)), d = Interior(source, row.X(x + 3), row.Y(x + 3));
                Vector128.Create(a[0], b[0], c[0], d[0]).CopyTo(red[x..]);
                Vector128.Create(a[1], b[1], c[1], d[1]).CopyTo(green[x..]);
                Vector128.Create(a[2], b[2], c[2], d[2]).CopyTo(blue[x..]);
                x += 3;
                continue;
            }

            Vector128<float> colour = Bordering(source, row.X(x), row.Y(x));
            red[x] = colour[0];
            green[x] = colour[1];
            blue[x] = colour[2];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<float> Interior(Source source, float sx, float sy)
    {
        int column = (int)sx, line = (int)sy;
        int upper = (line * source.Width) + column;
        var (upperLeft, upperRight) = source.LoadPair(upper);
        var (lowerLeft, lowerRight) = source.LoadPair(upper + source.Width);
        return Blend(upperLeft, upperRight, lowerLeft, lowerRight, sx - column, sy - line);
    }

    private Vector128<float> Bordering(Source source, float sx, float sy)
    {
        if (!source.Covers(sx, sy))
            return Vector128<float>.Zero;
        float floorX = MathF.Floor(sx), floorY = MathF.Floor(sy);
        int left = Math.Max((int)floorX, 0), right = Math.Min((int)floorX + 1, source.Width - 1);
        int upper = Math.Max((int)floorY, 0) * source.Width, lower = Math.Min((int)floorY + 1, source.Height - 1) * source.Width;
        return Blend(
            source.Load(upper + left), source.Load(upper + right), source.Load(lower + left),
            source.Load(lower + right), sx - floorX, sy - floorY);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private Vector128<float> Blend(
        Vector128<float> upperLeft, Vector128<float> upperRight,
        Vector128<float> lowerLeft, Vector128<float> lowerRight, float fx, float fy)
    {
        Vector128<float> across = Vector128.Create(fx);
        Vector128<float> upper = upperLeft + ((upperRight - upperLeft) * across);
        Vector128<float> lower = lowerLeft + ((lowerRight - lowerLeft) * across);
        return ((upper + ((lower - upper) * Vector128.Create(fy))) * factor) + offset;
    }

    /// <summary>The part of the warp that is the same along a row of the crop.</summary>
    private readonly struct Row(in AffineWarp warp, int y)
    {
        private readonly float xx = warp.XX, yx = warp.YX;
        private readonly float startX = (warp.XY * y) + warp.X0, startY = (warp.YY * y) + warp.Y0;

        public float X(int x) => startX + (xx * x);

        public float Y(int x) => startY + (yx * x);
    }

    /// <summary>The image and its labels.</summary>
    private readonly ref struct Source(ReadOnlySpan<Rgb> pixels, ReadOnlySpan<byte> classes, int height, int width)
    {
        private readonly ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(pixels);

        public ReadOnlySpan<byte> Classes { get; } = classes;

        public int Height { get; } = height;

        public int Width { get; } = width;

        /// <summary>Inside the image, where labels have a class.</summary>
        public bool Covers(float sx, float sy) => sx >= -0.5f && sy >= -0.5f && sx < Width - 0.5f && sy < Height - 0.5f;

        /// <summary>All four neighbours, and the pixel to the right of the last of them, lie in the image.</summary>
        public bool IsInterior(float sx, float sy) => sx >= 0 && sy >= 0 && sx < Width - 2 && sy < Height - 1;

        public Vector128<float> Load(int pixel)
        {
            int index = pixel * 3;
            return Vector128.Create((float)bytes[index], bytes[index + 1], bytes[index + 2], 0);
        }

        /// <summary>Two neighbours at once, unchecked, reading two bytes beyond them: only for interior points.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public (Vector128<float> Left, Vector128<float> Right) LoadPair(int pixel)
        {
            ulong pair = Unsafe.ReadUnaligned<ulong>(ref Unsafe.Add(ref MemoryMarshal.GetReference(bytes), pixel * 3));
            return (Widen((uint)pair), Widen((uint)(pair >> 24)));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<float> Widen(uint pixel)
        {
            Vector128<ushort> wide = Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixel).AsByte());
            return Vector128.ConvertToSingle(Vector128.WidenLower(wide).AsInt32());
        }
    }
}
