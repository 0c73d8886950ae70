using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Augmentation;

/// <summary>
/// Resamples an image (bilinear, rounded to the nearest byte) and its labels (nearest) through one warp. Outside the image a pixel has the
/// mean colour, rounded to bytes, and the label is ignore.
/// </summary>
/// <remarks>
/// A pixel covers the square half a pixel around its centre, for images and labels alike, so both end at the same edge. All arithmetic is
/// of integers, so that the bits do not depend on the processor.
/// </remarks>
/// <param name="normalization">Has the mean colour.</param>
internal sealed class WarpSampler(ImageNormalization normalization)
{
    private const int Half = 1 << (WarpRow.Bits - 1);

    /// <summary>Bits of a weight: four weights add up to one, and the one fits 16 bits with its sign.</summary>
    private const int WeightBits = 14, One = 1 << WeightBits, HalfOne = One / 2;

    private readonly Rgb border = new(
        NearestByte(normalization.Mean[0]), NearestByte(normalization.Mean[1]), NearestByte(normalization.Mean[2]));

    /// <summary>Fills one sample of a batch.</summary>
    /// <param name="image">[H, W], contiguous.</param>
    /// <param name="labels">[H, W], contiguous, of the same size.</param>
    /// <param name="warp">From crop to image.</param>
    /// <param name="height">The crop's height.</param>
    /// <param name="width">The crop's width.</param>
    /// <param name="pixels">Receives [height, width, 3].</param>
    /// <param name="target">Receives [height, width].</param>
    public void Sample(
        ReadOnlySpan2D<Rgb> image, ReadOnlySpan2D<byte> labels, in AffineWarp warp,
        int height, int width, Span<byte> pixels, Span<byte> target)
    {
        image.TryGetSpan(out ReadOnlySpan<Rgb> colours);
        labels.TryGetSpan(out ReadOnlySpan<byte> classes);
        var source = new Source(colours, classes, image.Height, image.Width);
        Span<Rgb> sample = MemoryMarshal.Cast<byte, Rgb>(pixels);
        for (int y = 0; y < height; y++)
        {
            var row = new WarpRow(warp, y);
            Span<Rgb> sampleRow = sample.Slice(y * width, width);
            Span<byte> targetRow = target.Slice(y * width, width);
            (int first, int end) = row.GroupsWithin(source.Width - 2, source.Height - 1, width);
            SampleAnywhere(source, row, 0, first, sampleRow, targetRow);
            SampleInterior(source, row, first, end, sampleRow, targetRow);
            SampleAnywhere(source, row, end, width, sampleRow, targetRow);
        }
    }

    private static byte NearestByte(float share) => (byte)MathF.Round(share * byte.MaxValue);

    /// <summary>Pixels that may come from the image's edge or from outside of it.</summary>
    private void SampleAnywhere(Source source, in WarpRow row, int from, int to, Span<Rgb> sample, Span<byte> target)
    {
        for (int x = from; x < to; x++)
        {
            (long sx, long sy) = row.PixelAt(x);
            long column = (sx + Half) >> WarpRow.Bits, line = (sy + Half) >> WarpRow.Bits;
            bool inside = (ulong)column < (ulong)source.Width && (ulong)line < (ulong)source.Height;
            target[x] = inside ? source.Classes[((int)line * source.Width) + (int)column] : LabelFile.IgnoreLabel;
            sample[x] = inside ? Blend(source, sx, sy) : border;
        }
    }

    /// <summary>The blend of four neighbours, of which the image has the nearest one at least.</summary>
    private static Rgb Blend(Source source, long sx, long sy)
    {
        int column = (int)(sx >> WarpRow.Bits), line = (int)(sy >> WarpRow.Bits);
        int left = Math.Max(column, 0), right = Math.Min(column + 1, source.Width - 1);
        int upper = Math.Max(line, 0) * source.Width, lower = Math.Min(line + 1, source.Height - 1) * source.Width;
        int across = Weight((int)sx), down = Weight((int)sy), both = ((across * down) + HalfOne) >> WeightBits;
        ReadOnlySpan<Rgb> pixels = source.Pixels;
        Rgb a = pixels[upper + left], b = pixels[upper + right], c = pixels[lower + left], d = pixels[lower + right];
        int ofB = across - both, ofC = down - both, ofA = One - across - ofC;
        byte Of(int a, int b, int c, int d) => (byte)(((a * ofA) + (b * ofB) + (c * ofC) + (d * both) + HalfOne) >> WeightBits);
        return new Rgb(Of(a.R, b.R, c.R, d.R), Of(a.G, b.G, c.G, d.G), Of(a.B, b.B, c.B, d.B));
    }

    private static int Weight(int position) => (position >> (WarpRow.Bits - WeightBits)) & (One - 1);

    /// <summary>
    /// Groups of pixels whose neighbours all lie in the image, and one more pixel to the right, of which two bytes are read.
    /// </summary>
    private static void SampleInterior(Source source, in WarpRow row, int first, int end, Span<Rgb> sample, Span<byte> target)
    {
        ref byte bytes = ref MemoryMarshal.GetReference(source.Bytes), classes = ref MemoryMarshal.GetReference(source.Classes);
        ref byte sampleAt = ref Unsafe.As<Rgb, byte>(ref MemoryMarshal.GetReference(sample));
        Vector128<int> lanesX = row.LanesX, lanesY = row.LanesY, pitch = Vector128.Create(source.Width);
        Vector128<int> half = Vector128.Create(Half);
        int line = 3 * source.Width;
        (long groupX, long groupY) = row.GroupAt(first);
        for (int x = first; x < end; x += WarpRow.Group)
        {
            Vector128<int> wholeX = Vector128.Create((int)(groupX >> 32)), wholeY = Vector128.Create((int)(groupY >> 32));
            Vector128<int> sx = Vector128.Create((int)((uint)groupX >> WarpRow.Bits)) + lanesX;
            Vector128<int> sy = Vector128.Create((int)((uint)groupY >> WarpRow.Bits)) + lanesY;
            Vector128<int> at = (((sy >> WarpRow.Bits) + wholeY) * pitch) + (sx >> WarpRow.Bits) + wholeX;
            Vector128<int> near = ((((sy + half) >> WarpRow.Bits) + wholeY) * pitch) + ((sx + half) >> WarpRow.Bits) + wholeX;
            target[x + 3] = Unsafe.Add(ref classes, near[3]);
            target[x + 2] = Unsafe.Add(ref classes, near[2]);
            target[x + 1] = Unsafe.Add(ref classes, near[1]);
            target[x] = Unsafe.Add(ref classes, near[0]);

            Weights weights = new(sx, sy);
            at += at + at;
            Vector128<int> packed = weights.Blend(ref Unsafe.Add(ref bytes, at[0]), line, 0)
                | (weights.Blend(ref Unsafe.Add(ref bytes, at[1]), line, 1) << 8)
                | (weights.Blend(ref Unsafe.Add(ref bytes, at[2]), line, 2) << 16)
                | (weights.Blend(ref Unsafe.Add(ref bytes, at[3]), line, 3) << 24);
            Vector128<byte> colours = Vector128.Shuffle(packed.AsByte(),
                Vector128.Create((byte)0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 255, 255, 255, 255));
            ref byte to = ref Unsafe.Add(ref sampleAt, 3 * x);
            Unsafe.WriteUnaligned(ref to, colours.AsUInt64()[0]);
            Unsafe.WriteUnaligned(ref Unsafe.Add(ref to, sizeof(ulong)), colours.AsUInt32()[2]);
            groupX += WarpRow.Group * row.StepX;
            groupY += WarpRow.Group * row.StepY;
        }
    }

    /// <summary>The weights of four pixels' neighbours: in 32 bits those of the left and of the right one.</summary>
    private readonly struct Weights
    {
        private readonly Vector128<int> upper, lower;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Weights(Vector128<int> sx, Vector128<int> sy)
        {
            Vector128<int> mask = Vector128.Create(One - 1);
            Vector128<int> across = (sx >> (WarpRow.Bits - WeightBits)) & mask, down = (sy >> (WarpRow.Bits - WeightBits)) & mask;
            Vector128<int> both = ((across * down) + Vector128.Create(HalfOne)) >> WeightBits, below = down - both;
            upper = (Vector128.Create(One) - across - below) | ((across - both) << 16);
            lower = below | (both << 16);
        }

        /// <summary>Red, green and blue of one pixel, in 32 bits each; the fourth is 0.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public Vector128<int> Blend(ref byte pair, int line, [ConstantExpected] int lane)
        {
            Vector128<int> index = Vector128.Create(lane);
            Vector128<int> sum = Sum(ref pair, Vector128.Shuffle(upper, index))
                + Sum(ref Unsafe.Add(ref pair, line), Vector128.Shuffle(lower, index));
            return (sum + Vector128.Create(HalfOne)) >> WeightBits;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector128<int> Sum(ref byte pair, Vector128<int> weights)
        {
            // Left and right of each colour side by side, widened to 16 bits.
            Vector128<byte> neighbours = Vector128.Shuffle(
                Vector128.CreateScalarUnsafe(Unsafe.ReadUnaligned<ulong>(ref pair)).AsByte(),
                Vector128.Create((byte)0, 255, 3, 255, 1, 255, 4, 255, 2, 255, 5, 255, 255, 255, 255, 255));
            return Sse2.IsSupported
                ? Sse2.MultiplyAddAdjacent(neighbours.AsInt16(), weights.AsInt16())
                : ((neighbours.AsInt32() & Vector128.Create(0xFFFF)) * (weights & Vector128.Create(0xFFFF)))
                    + ((neighbours.AsInt32() >> 16) * (weights >> 16));
        }
    }

    /// <summary>The image and its labels.</summary>
    private readonly ref struct Source(ReadOnlySpan<Rgb> pixels, ReadOnlySpan<byte> classes, int height, int width)
    {
        public ReadOnlySpan<Rgb> Pixels { get; } = pixels;

        public ReadOnlySpan<byte> Bytes { get; } = MemoryMarshal.AsBytes(pixels);

        public ReadOnlySpan<byte> Classes { get; } = classes;

        public int Height { get; } = height;

        public int Width { get; } = width;
    }
}
