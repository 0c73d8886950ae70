using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sunet.Data.Images;

/// <summary>
/// Makes rows of pixels of the rows of a JPEG's components, to the bit as the Independent JPEG Group's decoder does: colour that has half
/// the resolution is interpolated with weights of 3/4 and 1/4 (its "fancy upsampling"), and converted in units of 1/65536 (JFIF 1.02).
/// </summary>
internal static class YccRows
{
    /// <summary>The pixels of a step: rows of samples can be read to a multiple of it.</summary>
    public const int Step = 8;

    private const int Centre = 128, Largest = 255, Unit = 16, Half = 1 << (Unit - 1);

    /// <summary>The sums that a row of twice the width is made of: the row itself.</summary>
    /// <param name="row">The samples.</param>
    /// <param name="count">How many of them there are, at least 1.</param>
    /// <param name="sums">Receives the sums from its second place, and the first and the last one once more beyond each end.</param>
    public static void Widen(ReadOnlySpan<byte> row, int count, Span<ushort> sums)
    {
        for (int x = 0; x < count; x += Step)
            Load(row[x..]).CopyTo(sums[(1 + x)..]);
        RepeatEnds(count, sums);
    }

    /// <summary>The sums that a row of twice the width and half the distance to its neighbour is made of.</summary>
    /// <param name="near">The samples of the row that is nearer; counts three times.</param>
    /// <param name="far">The samples of the row that is farther.</param>
    /// <param name="count">How many of them there are, at least 1.</param>
    /// <param name="sums">Receives the sums as those of one row.</param>
    public static void Widen(ReadOnlySpan<byte> near, ReadOnlySpan<byte> far, int count, Span<ushort> sums)
    {
        for (int x = 0; x < count; x += Step)
            ((Load(near[x..]) * 3) + Load(far[x..])).CopyTo(sums[(1 + x)..]);
        RepeatEnds(count, sums);
    }

    /// <summary>Makes a row of twice the width.</summary>
    /// <param name="sums">As <see cref="Widen(ReadOnlySpan{byte}, int, Span{ushort})"/> makes them.</param>
    /// <param name="count">How many of them there are.</param>
    /// <param name="hasTwoRows">Whether they are sums of two rows.</param>
    /// <param name="row">Receives the samples.</param>
    public static void Double(ReadOnlySpan<ushort> sums, int count, bool hasTwoRows, Span<byte> row)
    {
        // What is added before rounding down alternates, so that there is no drift.
        (ushort left, ushort right, int shift) = hasTwoRows ? ((ushort)8, (ushort)7, 4) : ((ushort)1, (ushort)2, 2);
        Vector128<ushort> roundLeft = Vector128.Create(left), roundRight = Vector128.Create(right);
        for (int x = 0; x < count; x += Step)
        {
            Vector128<ushort> three = Vector128.Create(sums[(1 + x)..]) * 3;
            Vector128<ushort> even = (three + Vector128.Create(sums[x..]) + roundLeft) >> shift;
            Vector128<ushort> odd = (three + Vector128.Create(sums[(2 + x)..]) + roundRight) >> shift;
            (even | (odd << 8)).AsByte().CopyTo(row[(2 * x)..]);
        }
    }

    /// <summary>Converts a row of colour.</summary>
    /// <param name="luma">The brightness.</param>
    /// <param name="blue">The difference to blue.</param>
    /// <param name="red">The difference to red.</param>
    /// <param name="pixels">Receives pixels of four bytes: red, green, blue, 255; at least <see cref="Step"/> of them.</param>
    public static void Convert(ReadOnlySpan<byte> luma, ReadOnlySpan<byte> blue, ReadOnlySpan<byte> red, Span<uint> pixels)
    {
        for (int x = 0; x < pixels.Length; x += Step)
        {
            int at = Math.Min(x, pixels.Length - Step);
            Vector256<int> y = LoadWide(luma[at..]);
            Vector256<int> cb = LoadWide(blue[at..]) - Vector256.Create(Centre), cr = LoadWide(red[at..]) - Vector256.Create(Centre);
            Vector256<int> half = Vector256.Create(Half);
            Vector256<int> r = Limit(y + (((cr * 91881) + half) >> Unit));
            Vector256<int> g = Limit(y + ((half - (cb * 22554) - (cr * 46802)) >> Unit));
            Vector256<int> b = Limit(y + (((cb * 116130) + half) >> Unit));
            (r | (g << 8) | (b << 16)).AsUInt32().CopyTo(pixels[at..], 0xFF000000u);
        }
    }

    /// <summary>Makes a row of grey pixels.</summary>
    /// <param name="luma">The brightness.</param>
    /// <param name="pixels">Receives pixels of four bytes, as many as it has room for; at least <see cref="Step"/>.</param>
    public static void Convert(ReadOnlySpan<byte> luma, Span<uint> pixels)
    {
        for (int x = 0; x < pixels.Length; x += Step)
        {
            int at = Math.Min(x, pixels.Length - Step);
            (LoadWide(luma[at..]) * 0x010101).AsUInt32().CopyTo(pixels[at..], 0xFF000000u);
        }
    }

    private static void RepeatEnds(int count, Span<ushort> sums) => (sums[0], sums[count + 1]) = (sums[1], sums[count]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> Load(ReadOnlySpan<byte> samples) =>
        Vector128.WidenLower(Vector128.CreateScalarUnsafe(MemoryMarshal.Read<ulong>(samples)).AsByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> LoadWide(ReadOnlySpan<byte> samples)
    {
        (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(Load(samples));
        return Vector256.Create(low, high).AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Limit(Vector256<int> value) =>
        Vector256.Min(Vector256.Max(value, Vector256<int>.Zero), Vector256.Create(Largest));

    private static void CopyTo(this Vector256<uint> colours, Span<uint> pixels, uint alpha) =>
        (colours | Vector256.Create(alpha)).CopyTo(pixels);
}
