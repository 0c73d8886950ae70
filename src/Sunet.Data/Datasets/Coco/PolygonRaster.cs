namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// Which pixels a polygon covers, by the rule of COCO's own tools (<c>rleFrPoly</c> in
/// https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c), so that masks equal theirs to the pixel.
/// </summary>
/// <remarks>
/// That rule rounds vertices to fifths of a pixel and draws every edge through that finer raster. Wherever the outline passes from the
/// third to the fourth fifth of an image's column, covered and uncovered change places from that row downwards, in column-major order.
/// COCO's code visits each step of the outline; here an edge is asked only for the columns it crosses, with the same arithmetic.
/// </remarks>
internal static class PolygonRaster
{
    /// <summary>Fifths of a pixel in a pixel.</summary>
    public const int Fineness = 5;

    /// <summary>The largest coordinate, in pixels, that is still exact in fifths.</summary>
    public const double LargestCoordinate = 1e8;

    // The outline crosses a column's middle between the third and the fourth of its fifths.
    private const int Middle = 2;

    /// <summary>Rounds a coordinate to fifths of a pixel.</summary>
    /// <param name="coordinate">In pixels, not above <see cref="LargestCoordinate"/> in magnitude.</param>
    public static int Round(double coordinate) => (int)((Fineness * coordinate) + 0.5);

    /// <summary>Appends the places, counted down the columns, where the outline turns covered into uncovered or back.</summary>
    /// <param name="points">x and y of each vertex in turn, from <see cref="Round"/>; the last is joined to the first.</param>
    /// <param name="height">The image's.</param>
    /// <param name="width">The image's.</param>
    /// <param name="crossings">Appended to, in no order; a place that is there twice counts as not there.</param>
    /// <param name="limit">How many crossings there may be.</param>
    /// <returns>False if there are more than the limit.</returns>
    public static bool TryCross(ReadOnlySpan<int> points, int height, int width, List<int> crossings, int limit)
    {
        for (int i = 0; i < points.Length; i += 2)
        {
            int next = i + 2 == points.Length ? 0 : i + 2;
            CrossEdge(points[i], points[i + 1], points[next], points[next + 1], height, width, crossings);
            if (crossings.Count > limit)
                return false;
        }

        return true;
    }

    private static void CrossEdge(int x0, int y0, int x1, int y1, int height, int width, List<int> crossings)
    {
        int low = Math.Min(x0, x1), high = Math.Max(x0, x1), dx = high - low, dy = Math.Abs(y1 - y0);
        int first = low <= Middle ? 0 : (low - Middle + Fineness - 1) / Fineness;
        int last = high <= Middle ? -1 : Math.Min(width - 1, (high - Middle - 1) / Fineness);
        bool flat = dx >= dy;
        if (flat ? x0 > x1 : y0 > y1)
            (x0, y0, x1, y1) = (x1, y1, x0, y0);
        double slope = flat ? (double)(y1 - y0) / dx : (double)(x1 - x0) / dy;
        for (int column = first; column <= last; column++)
        {
            int x = (column * Fineness) + Middle;
            int y = flat ? Math.Min(Step(y0, slope, x - x0), Step(y0, slope, x - x0 + 1)) : y0 + StepsUpTo(x, x0, slope);
            int row = y < 0 ? 0 : Math.Min(height, (y + Fineness - 1 - Middle) / Fineness);
            crossings.Add((column * height) + row);
        }
    }

    private static int Step(int start, double slope, int steps) => (int)(start + (slope * steps) + 0.5);

    // The last step before a steep edge leaves x towards x + 1 (or arrives at x from there): estimated, then made exact, since rounding
    // can only put the estimate next to it.
    private static int StepsUpTo(int x, int x0, double slope)
    {
        bool Passed(int steps) => Step(x0, slope, steps) > x == slope > 0;
        int after = (int)Math.Ceiling((x + 0.5 - x0) / slope);
        while (after > 0 && Passed(after - 1))
            after--;
        while (!Passed(after))
            after++;
        return after - 1;
    }
}
