namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Test data and the error bound float32 sums are held to.</summary>
internal static class Numbers
{
    public static float[] Random(long count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = (float)(random.NextDouble() * 2 - 1);
        return values;
    }

    /// <summary>Integers of -3 to 3: their products' sums are exact in float32 whatever the order.</summary>
    public static float[] Integers(long count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
            values[i] = random.Next(-3, 4);
        return values;
    }

    /// <summary>
    /// Rounding errors of a sum of K terms of either sign add up like a random walk, so the relative L2 error stays near sqrt(K) 2^-24;
    /// twice that is allowed, and never less than four terms' worth.
    /// </summary>
    public static void AssertClose(double[] expected, float[] actual, int terms)
    {
        AssertWithin(2 * Math.Sqrt(Math.Max(terms, 4)) * Math.ScaleB(1, -24), expected, actual);
    }

    /// <summary>Holds the relative L2 error of the chosen elements to a bound.</summary>
    public static void AssertWithin(double bound, double[] expected, float[] actual, Func<int, bool>? chosen = null)
    {
        Assert.Equal(expected.Length, actual.Length);
        double error = 0, size = 0;
        for (int i = 0; i < expected.Length; i++)
        {
            if (chosen is not null && !chosen(i))
                continue;
            Assert.True(float.IsFinite(actual[i]), $"Element {i} is {actual[i]}, not {expected[i]}.");
            error += (actual[i] - expected[i]) * (actual[i] - expected[i]);
            size += expected[i] * expected[i];
        }

        Assert.True(size > 0, "The reference is all zeros, which compares nothing.");
        double relative = Math.Sqrt(error / size);
        Assert.True(relative <= bound, $"The relative L2 error {relative:E2} exceeds {bound:E2}.");
    }

    public static void AssertSame(double[] expected, float[] actual)
    {
        Assert.Contains(expected, v => v != 0);
        Assert.Equal(expected, Array.ConvertAll(actual, v => (double)v));
    }
}
