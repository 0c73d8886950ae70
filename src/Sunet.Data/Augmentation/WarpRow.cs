using System.Runtime.Intrinsics;

namespace Sunet.Data.Augmentation;

/// <summary>
/// Where the pixels of one row of a crop come from, in fixed point: equal bits on every processor. A group of four pixels has one position
/// of 32 fractional bits, and its pixels lie beside that at 16.
/// </summary>
internal readonly struct WarpRow
{
    /// <summary>Pixels of a group.</summary>
    public const int Group = 4;

    /// <summary>Fractional bits of a pixel's position.</summary>
    public const int Bits = 16;

    private const double One = 1L << 32;

    /// <summary>A pixel lies nearer than this to its place on the line through the row's first one.</summary>
    private const long Margin = 1L << 20;

    private readonly long startX, startY;

    /// <param name="warp">From crop to image.</param>
    /// <param name="y">The row.</param>
    public WarpRow(in AffineWarp warp, int y)
    {
        (StepX, StepY) = (Fixed(warp.XX), Fixed(warp.YX));
        (startX, startY) = (Fixed(warp.X0) + (Fixed(warp.XY) * y), Fixed(warp.Y0) + (Fixed(warp.YY) * y));
        (LanesX, LanesY) = (Lanes(StepX), Lanes(StepY));
    }

    /// <summary>From one pixel to the next, with 32 fractional bits.</summary>
    public long StepX { get; }

    /// <inheritdoc cref="StepX"/>
    public long StepY { get; }

    /// <summary>From the position of a group to its pixels.</summary>
    public Vector128<int> LanesX { get; }

    /// <inheritdoc cref="LanesX"/>
    public Vector128<int> LanesY { get; }

    /// <summary>The position of the group that begins at a pixel, with 32 fractional bits.</summary>
    public (long X, long Y) GroupAt(int x) => (startX + (StepX * x), startY + (StepY * x));

    /// <summary>The position of a pixel, with 16 fractional bits.</summary>
    public (long X, long Y) PixelAt(int x)
    {
        int lane = x % Group;
        (long groupX, long groupY) = GroupAt(x - lane);
        return ((groupX >> Bits) + LanesX[lane], (groupY >> Bits) + LanesY[lane]);
    }

    /// <summary>The whole groups whose pixels all come from between 0 and a bound, horizontally and vertically.</summary>
    /// <param name="right">The bound of x, in whole pixels.</param>
    /// <param name="bottom">The bound of y, in whole pixels.</param>
    /// <param name="width">The row's pixels.</param>
    /// <returns>The first pixel of the first group and the one behind the last group; equal where there is none.</returns>
    public (int First, int End) GroupsWithin(int right, int bottom, int width)
    {
        long first = 0, last = width - 1;
        Clip(startX, StepX, right, ref first, ref last);
        Clip(startY, StepY, bottom, ref first, ref last);
        long begin = (first + Group - 1) / Group * Group, end = (last + 1) / Group * Group;
        return begin < end ? ((int)begin, (int)end) : (0, 0);
    }

    /// <summary>Narrows the pixels to those that lie between 0 and a bound.</summary>
    private static void Clip(long start, long step, int bound, ref long first, ref long last)
    {
        long low = Margin, high = ((long)bound << 32) - Margin;
        if (step < 0)
            (start, step, low, high) = (-start, -step, -high, -low);
        if (step == 0)
        {
            if (start < low || start > high)
                last = -1;
            return;
        }

        first = Math.Max(first, -Floor(start - low, step));
        last = Math.Min(last, Floor(high - start, step));
    }

    private static long Floor(long dividend, long divisor) => (dividend - (((dividend % divisor) + divisor) % divisor)) / divisor;

    private static long Fixed(float value) => (long)Math.Round(value * One);

    private static Vector128<int> Lanes(long step) => Vector128.Create(0, Narrow(step), Narrow(2 * step), Narrow(3 * step));

    private static int Narrow(long value) => (int)((value + (1L << (Bits - 1))) >> Bits);
}
