using Sunet.Native.Tensors;

namespace Sunet.Data.Reporting;

/// <summary>
/// Viridis, a colour map whose lightness rises evenly from dark violet to yellow, also for those who tell few colours apart. A polynomial of
/// degree six within a few levels of matplotlib's table.
/// </summary>
internal static class ColourMap
{
    private static readonly double[] Red =
        [0.2777273272, 0.1050930431, -0.3308618287, -4.634230499, 6.228269936, 4.776384998, -5.435455856];

    private static readonly double[] Green =
        [0.005407344545, 1.40461353, 0.2148475595, -5.799100973, 14.17993337, -13.74514538, 4.645852612];

    private static readonly double[] Blue =
        [0.3340998053, 1.384590163, 0.09509516303, -19.33244096, 56.69055261, -65.35303263, 26.31243525];

    /// <summary>The colour of a number from 0 to 1; what lies outside is taken to the nearer end.</summary>
    public static Rgb At(double value)
    {
        double t = Math.Clamp(value, 0, 1);
        return new Rgb(Level(Red, t), Level(Green, t), Level(Blue, t));
    }

    private static byte Level(double[] coefficients, double t)
    {
        double sum = 0;
        for (int i = coefficients.Length - 1; i >= 0; i--)
            sum = (sum * t) + coefficients[i];
        return (byte)Math.Clamp(Math.Round(255 * sum), 0, 255);
    }
}
