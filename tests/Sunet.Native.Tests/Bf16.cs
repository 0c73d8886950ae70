namespace Sunet.Native.Tests;

/// <summary>Rounds to bfloat16, the upper half of a float32, and back.</summary>
internal static class Bf16
{
    /// <summary>
    /// The relative L2 error that rounding to its 8 bits leads to expect: up to 2^-8 of the binade's beginning, evenly spread, and numbers
    /// are about 1.5 times that beginning.
    /// </summary>
    public static readonly double RoundingError = Math.ScaleB(1 / (1.5 * Math.Sqrt(3)), -8);

    /// <summary>To nearest, ties to even.</summary>
    public static ushort Of(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        // The carry of a NaN's upper bits could make it anything.
        return float.IsNaN(value) ? (ushort)0x7fff : (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }

    public static float Value(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    public static float Round(float value) => Value(Of(value));

    public static float[] Round(float[] values) => Array.ConvertAll(values, Round);

    /// <summary>Of values that float32 holds exactly: rounding twice is another number now and then.</summary>
    public static double[] Round(double[] values)
    {
        Assert.All(values, v => Assert.Equal(v, (float)v));
        return Array.ConvertAll(values, v => (double)Round((float)v));
    }
}
