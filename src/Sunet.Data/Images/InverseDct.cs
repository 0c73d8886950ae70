using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Sunet.Data.Images;

/// <summary>
/// The inverse cosine transform of 8 x 8 coefficients in whole numbers, to the bit as the Independent JPEG Group's accurate one computes it
/// (Loeffler, Ligtenberg and Moschytz 1989, with 12 multiplications), which most decoders agree with.
/// </summary>
internal static class InverseDct
{
    /// <summary>The largest sum of absolute coefficients for which no intermediate result leaves 32 bits.</summary>
    /// <remarks>
    /// A coefficient enters a pass's result with a factor of at most 1.39, results of the first have 2 more bits, and both are in units
    /// of 1/8192: 1.39 * 1.39 * 4 * 8192 * 32768 is just below 2^31. Larger sums come of no pixels.
    /// </remarks>
    public const int LargestMagnitude = 30_000;

    private const int Side = 8, ConstantBits = 13, FirstPassBits = 2, Centre = 128, Largest = 255;

    /// <summary>Transforms a block.</summary>
    /// <param name="block">[8, 8] coefficients by rows; their magnitudes add up to at most <see cref="LargestMagnitude"/>.</param>
    /// <param name="samples">Receives 8 rows of 8 samples.</param>
    /// <param name="stride">From row to row.</param>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Transform(ReadOnlySpan<int> block, Span<byte> samples, int stride)
    {
        ReadOnlySpan<Vector256<int>> rows = MemoryMarshal.Cast<int, Vector256<int>>(block[..(Side * Side)]);
        (Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) = (rows[0], rows[1], rows[2], rows[3]);
        (Vector256<int> e, Vector256<int> f, Vector256<int> g, Vector256<int> h) = (rows[4], rows[5], rows[6], rows[7]);
        const int FirstShift = ConstantBits - FirstPassBits, SecondShift = ConstantBits + FirstPassBits + 3;
        Pass(1 << (FirstShift - 1), ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        (a, b, c, d) = (a >> FirstShift, b >> FirstShift, c >> FirstShift, d >> FirstShift);
        (e, f, g, h) = (e >> FirstShift, f >> FirstShift, g >> FirstShift, h >> FirstShift);
        Transpose(ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        Pass(1 << (SecondShift - 1), ref a, ref b, ref c, ref d, ref e, ref f, ref g, ref h);
        Vector256<uint> left = Pack(a, b, c, d), right = Pack(e, f, g, h);
        (Vector256<ulong> leftTop, Vector256<ulong> leftBottom) = Vector256.Widen(left);
        (Vector256<ulong> rightTop, Vector256<ulong> rightBottom) = Vector256.Widen(right);
        Store(leftTop | (rightTop << 32), samples, stride);
        Store(leftBottom | (rightBottom << 32), samples[(4 * stride)..], stride);
    }

    /// <summary>Transforms a block that has only its first coefficient: all samples are equal.</summary>
    /// <param name="first">The coefficient.</param>
    /// <param name="samples">Receives 8 rows of 8 samples.</param>
    /// <param name="stride">From row to row.</param>
    public static void TransformFirst(int first, Span<byte> samples, int stride)
    {
        ulong row = 0x0101010101010101UL * (ulong)ToSample((first + 4) >> 3);
        for (int y = 0; y < Side; y++)
            MemoryMarshal.Write(samples[(y * stride)..], in row);
    }

    // Decoders take a result modulo 1024 before they bring it to 0 to 255.
    private static int ToSample(int value) => Math.Clamp((value << 22 >> 22) + Centre, 0, Largest);

    /// <summary>One-dimensional transforms of the lanes, in units of 1/8192, with half a unit of the result added.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Pass(
        int half, ref Vector256<int> a, ref Vector256<int> b, ref Vector256<int> c, ref Vector256<int> d, ref Vector256<int> e,
        ref Vector256<int> f, ref Vector256<int> g, ref Vector256<int> h)
    {
        // The constants are sums of cosines times 8192, rounded; the names of the variables are those of the literature.
        Vector256<int> z1 = (c + g) * 4433;
        Vector256<int> even2 = z1 - (g * 15137), even3 = z1 + (c * 6270);
        Vector256<int> rounding = Vector256.Create(half);
        Vector256<int> even0 = ((a + e) << ConstantBits) + rounding, even1 = ((a - e) << ConstantBits) + rounding;
        Vector256<int> t10 = even0 + even3, t13 = even0 - even3, t11 = even1 + even2, t12 = even1 - even2;

        Vector256<int> t0 = h, t1 = f, t2 = d, t3 = b;
        Vector256<int> z3 = t0 + t2, z4 = t1 + t3, z5 = (z3 + z4) * 9633;
        z1 = (t0 + t3) * -7373;
        Vector256<int> z2 = (t1 + t2) * -20995;
        z3 = (z3 * -16069) + z5;
        z4 = (z4 * -3196) + z5;
        t0 = (t0 * 2446) + z1 + z3;
        t1 = (t1 * 16819) + z2 + z4;
        t2 = (t2 * 25172) + z2 + z3;
        t3 = (t3 * 12299) + z1 + z4;
        (a, b, c, d) = (t10 + t3, t11 + t2, t12 + t1, t13 + t0);
        (e, f, g, h) = (t13 - t0, t12 - t1, t11 - t2, t10 - t3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose(
        ref Vector256<int> a, ref Vector256<int> b, ref Vector256<int> c, ref Vector256<int> d, ref Vector256<int> e,
        ref Vector256<int> f, ref Vector256<int> g, ref Vector256<int> h)
    {
        Exchange(4, ref a, ref e);
        Exchange(4, ref b, ref f);
        Exchange(4, ref c, ref g);
        Exchange(4, ref d, ref h);
        Exchange(2, ref a, ref c);
        Exchange(2, ref b, ref d);
        Exchange(2, ref e, ref g);
        Exchange(2, ref f, ref h);
        Exchange(1, ref a, ref b);
        Exchange(1, ref c, ref d);
        Exchange(1, ref e, ref f);
        Exchange(1, ref g, ref h);
    }

    /// <summary>Exchanges what lies off the diagonal in 2 x 2 parts of so many lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Exchange(int lanes, ref Vector256<int> a, ref Vector256<int> b)
    {
        Vector256<int> stays = lanes == 4 ? Vector256.Create(-1, -1, -1, -1, 0, 0, 0, 0)
            : lanes == 2 ? Vector256.Create(-1, -1, 0, 0, -1, -1, 0, 0) : Vector256.Create(-1, 0, -1, 0, -1, 0, -1, 0);
        (a, b) = (Vector256.ConditionalSelect(stays, a, Swap(lanes, b)), Vector256.ConditionalSelect(stays, Swap(lanes, a), b));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Swap(int lanes, Vector256<int> v) => lanes switch
    {
        4 => Vector256.Shuffle(v, Vector256.Create(4, 5, 6, 7, 0, 1, 2, 3)),
        2 => Vector256.Shuffle(v, Vector256.Create(2, 3, 0, 1, 6, 7, 4, 5)),
        _ => Vector256.Shuffle(v, Vector256.Create(1, 0, 3, 2, 5, 4, 7, 6)),
    };

    /// <summary>The samples of four columns, in one number for each row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> Pack(Vector256<int> a, Vector256<int> b, Vector256<int> c, Vector256<int> d) =>
        (ToSamples(a) | (ToSamples(b) << 8) | (ToSamples(c) << 16) | (ToSamples(d) << 24)).AsUInt32();

    // The shift to the left drops all but ten bits of the result.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> ToSamples(Vector256<int> value) => Vector256.Min(
        Vector256.Max((value << 4 >> 22) + Vector256.Create(Centre), Vector256<int>.Zero), Vector256.Create(Largest));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector256<ulong> rows, Span<byte> samples, int stride)
    {
        for (int y = 0; y < 4; y++)
        {
            ulong row = rows[y];
            MemoryMarshal.Write(samples[(y * stride)..], in row);
        }
    }
}
