using Sunet.Data.Images;
using Sunet.Data.Reporting;
using Sunet.Native.Tensors;

namespace Sunet.Data.Tests.Reporting;

public sealed class RooflineChartTests : IDisposable
{
    private static readonly Rgb Limit = new(200, 30, 30), FirstRim = new(31, 119, 180), White = new(255, 255, 255);
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void LogAxis_Cover_EndsAtRoundNumbersWithAMargin()
    {
        LogAxis axis = LogAxis.Cover([0.3, 40, 7]);
        Assert.Equal([0.2, 100], [axis.Low, axis.High]);
        Assert.Equal(new LogAxis(5, 20), LogAxis.Cover([10]));
        Assert.Equal(0, new LogAxis(0.1, 10).Position(0.1), 12);
        Assert.Equal(0.5, new LogAxis(0.1, 10).Position(1), 12);
        Assert.Equal(1, new LogAxis(0.1, 10).Position(10), 12);
    }

    [Fact]
    public void LogAxis_Ticks_LabelEveryStepOfFewDecadesAndWholeOnesOfMany()
    {
        Assert.Equal(["0.2", "0.5", "1", "2", "5", "10"], new LogAxis(0.2, 10).Ticks().Select(t => t.Label));
        Assert.Equal(["0.001", "0.01", "0.1", "1", "10", "100"], new LogAxis(0.001, 200).Ticks().Select(t => t.Label).OfType<string>());
        Assert.Equal(17, new LogAxis(0.001, 200).Ticks().Count());
    }

    [Fact]
    public void Chart_PointsAndLimits_LieWhereTheMathsSays()
    {
        // The corner at 10 FLOPs/byte and 100 GFLOP/s; axes from 0.5 to 200 across and from 0.5 to 200 up.
        Rgb[,] chart = Write(new RooflineLimits(100, 10), new("Convolution", 100, 50, 75), new("Relu", 1, 1, 20), new("Concat", 0, 0, 5));
        (int x, int y) = At(100, 50);
        Assert.NotEqual(White, chart[y, x]);
        int radius = (int)Math.Round(RooflineChart.FullRadius * Math.Sqrt(0.75));
        Assert.True(IsNear(chart, x - radius, y, FirstRim), "The area of a layer is not its share of the time.");
        Assert.False(IsNear(chart, x - radius - 6, y, FirstRim));
        (x, y) = At(1, 1);
        Assert.NotEqual(White, chart[y, x]);
        foreach ((double flopsPerByte, double gigaflops) in (ReadOnlySpan<(double, double)>)[(2, 20), (5, 50), (12, 100), (15, 100)])
        {
            (int limitX, int limitY) = At(flopsPerByte, gigaflops);
            Assert.True(IsNear(chart, limitX, limitY, Limit), $"The limit is not at {flopsPerByte}.");
        }

        (x, y) = At(5, 100);
        Assert.False(IsNear(chart, x, y, Limit));
    }

    [Fact]
    public void Chart_ManyKinds_ShareTheLastColour()
    {
        RooflinePoint[] layers = [.. Enumerable.Range(0, 14).Select(i => new RooflinePoint($"Kind{i}", 1 + i, 10, 20 - i))];
        Rgb[,] chart = Write(new RooflineLimits(100, 10), layers);
        Assert.Equal((RooflineChart.Height, RooflineChart.Width), (chart.GetLength(0), chart.GetLength(1)));

        // Eight kinds have colours of their own; the grey of the other six is at the last one's place.
        (int x, int y) = ((int)Math.Round(X(14, 0.5, 20)), (int)Math.Round(Y(10, 5, 200)));
        Rgb found = chart[y, x];
        Assert.True(found.R < 220 && Math.Abs(found.R - found.G) < 3 && Math.Abs(found.G - found.B) < 3, $"{found}");
    }

    [Fact]
    public void Chart_NothingToDrawOrNoLimits_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Write(new RooflineLimits(100, 10), new RooflinePoint("Concat", 0, 0, 5)));
        Assert.Throws<ArgumentException>(() => Write(new RooflineLimits(0, 10), new RooflinePoint("Relu", 1, 1, 5)));
        Assert.Throws<ArgumentException>(() => Write(new RooflineLimits(100, double.NaN), new RooflinePoint("Relu", 1, 1, 5)));
    }

    private static double X(double value, double low, double high) =>
        RooflineChart.Left + (Math.Log(value / low) / Math.Log(high / low) * RooflineChart.PlotWidth);

    private static double Y(double value, double low, double high) =>
        RooflineChart.Top + RooflineChart.PlotHeight - (Math.Log(value / low) / Math.Log(high / low) * RooflineChart.PlotHeight);

    /// <summary>The pixel of a place on axes that both go from 0.5 to 200.</summary>
    private static (int X, int Y) At(double flopsPerByte, double gigaflops) =>
        ((int)X(flopsPerByte, 0.5, 200), (int)Y(gigaflops, 0.5, 200));

    private static bool IsNear(Rgb[,] chart, int x, int y, Rgb colour)
    {
        const int Reach = 3, Shade = 60;
        for (int dy = -Reach; dy <= Reach; dy++)
        {
            for (int dx = -Reach; dx <= Reach; dx++)
            {
                Rgb found = chart[y + dy, x + dx];
                if (Math.Abs(found.R - colour.R) + Math.Abs(found.G - colour.G) + Math.Abs(found.B - colour.B) < Shade)
                    return true;
            }
        }

        return false;
    }

    private Rgb[,] Write(RooflineLimits limits, params RooflinePoint[] layers)
    {
        string path = folder.At("roofline.png");
        RooflineChart.Write(path, limits, layers, ["a model", "a device"]);
        return ImageFile.Load(path).ToArray();
    }
}
