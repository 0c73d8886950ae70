using Sunet.Native.Tests.Backends.Cuda;

namespace Sunet.Native.Tests.Kernels;

public sealed class CudaUpdateKernelTests : EmulatorTest
{
    private const float Rate = 0.1f, Decay = 0.01f, Scale = 0.5f;

    /// <summary>Momentum, dampening, Nesterov, whether there is a copy, elements in front, which forbid 16-byte accesses.</summary>
    public static TheoryData<float, float, int, bool, int> Updates => new(
        (0, 0, 0, true, 0), (0.9f, 0, 0, true, 0), (0.9f, 0.3f, 0, false, 0), (0.9f, 0, 1, true, 0), (0.9f, 0, 1, true, 1),
        (0.5f, 0, 0, false, 3));

    [Theory]
    [MemberData(nameof(Updates))]
    public void SgdUpdate_TwoSteps_FollowPyTorchsDefinition(float momentum, float dampening, int nesterov, bool copies, int first)
    {
        using var bench = new KernelBench();
        const int count = 1003;
        float[] parameters = Values(1), gradients = Values(2), velocity = new float[count];
        nint offset = first * sizeof(float), guard = bench.Put(0);
        nint p = bench.Put<float>([.. new float[first], .. parameters]) + offset;
        nint g = bench.Put<float>([.. new float[first], .. gradients]) + offset;
        // Without momentum there is no velocity to read.
        nint v = momentum == 0 ? 0 : bench.Put<float>(velocity);
        nint copy = copies ? bench.Put<ushort>(new ushort[count]) : 0;
        nint rates = bench.Put<float>(Rate, momentum, dampening, Decay, Scale, BitConverter.Int32BitsToSingle(nesterov));
        for (int step = 0; step < 2; step++)
        {
            bench.Run("sgd_update", (2, 1, 1), p, g, v, copy, (long)count, rates, guard);
            for (int i = 0; i < count; i++)
            {
                float gradient = (Scale * gradients[i]) + (Decay * parameters[i]);
                velocity[i] = (momentum * velocity[i]) + ((1 - dampening) * gradient);
                parameters[i] -= Rate * (momentum == 0 ? gradient : nesterov == 1 ? gradient + (momentum * velocity[i]) : velocity[i]);
            }
        }

        float[] found = bench.Get<float>(p, count);
        for (int i = 0; i < count; i++)
            Assert.Equal(parameters[i], found[i], 1e-6);
        if (copies)
            Assert.Equal(found.Select(Bf16.Of), bench.Get<ushort>(copy, count));
        if (momentum != 0)
            Assert.Equal(velocity.Sum(), bench.Get<float>(v, count).Sum(), 1e-3);
    }

    [Fact]
    public void SgdUpdate_Guarded_ChangesNothing()
    {
        using var bench = new KernelBench();
        float[] parameters = Values(1);
        nint p = bench.Put<float>(parameters), g = bench.Put<float>(Values(2)), v = bench.Put<float>(Values(3));
        nint rates = bench.Put<float>(Rate, 0.9f, 0, Decay, Scale, 0), guard = bench.Put(2);
        bench.Run("sgd_update", (1, 1, 1), p, g, v, (nint)0, (long)parameters.Length, rates, guard);
        Assert.Equal(parameters, bench.Get<float>(p, parameters.Length));
        Assert.Equal(Values(3), bench.Get<float>(v, parameters.Length));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Accumulate_AnyAlignment_Adds(int first)
    {
        using var bench = new KernelBench();
        float[] x = Values(4), y = Values(5);
        nint from = bench.Put<float>([.. new float[first], .. x]) + (first * sizeof(float)), to = bench.Put<float>(y);
        bench.Run("accumulate", (2, 1, 1), from, to, (long)x.Length);
        Assert.Equal(x.Zip(y, (a, b) => a + b), bench.Get<float>(to, y.Length));
    }

    [Theory]
    [InlineData(0, 0.5f)]
    [InlineData(1, 0.5f)]
    [InlineData(0, 1000f)]
    public void ClipNorm_AnyAlignment_ScalesToTheLimit(int first, float limit)
    {
        using var bench = new KernelBench();
        float[] x = Values(4);
        nint at = bench.Put<float>([.. new float[first], .. x]) + (first * sizeof(float)), partial = bench.Reserve(3 * sizeof(double));
        bench.Run("sum_of_squares", (3, 1, 1), at, (long)x.Length, partial);
        bench.Run("clip_norm", (2, 1, 1), at, (long)x.Length, partial, 3, limit);
        double norm = Math.Sqrt(x.Sum(v => (double)v * v)), factor = Math.Min(1, limit / (norm + 1e-6));
        Assert.All(x.Zip(bench.Get<float>(at, x.Length)),
            pair => Assert.Equal(pair.First * factor, pair.Second, 1e-7 * Math.Abs(pair.First)));
    }

    [Fact]
    public void CopyToBf16_OfHardNumbers_RoundsToNearestEven()
    {
        using var bench = new KernelBench();
        float[] x =
        [
            1f, -1f, 1.00390625f, 1.01171875f, 1.005f, float.MaxValue,
            float.PositiveInfinity, float.NegativeInfinity, float.NaN, 1e-40f, -0f,
        ];
        ushort[] wanted = [0x3f80, 0xbf80, 0x3f80, 0x3f82, 0x3f81, 0x7f80, 0x7f80, 0xff80, 0x7fff, 0x0001, 0x8000];
        nint y = bench.Reserve(x.Length * sizeof(ushort));
        bench.Run("copy_to_bf16", (1, 1, 1), bench.Put<float>(x), y, (long)x.Length);
        Assert.Equal(wanted, bench.Get<ushort>(y, x.Length));
    }

    /// <summary>Every bf16 there is, in vectors, and a few, one by one, from an address that allows no vectors.</summary>
    [Theory]
    [InlineData(0, 1 << 16)]
    [InlineData(1, 21)]
    public void CopyFromBf16_AnyNumber_IsTheSameNumber(int offset, int count)
    {
        using var bench = new KernelBench();
        ushort[] x = [.. Enumerable.Range(0, count + offset).Select(i => (ushort)i)];
        nint y = bench.Reserve(count * sizeof(float));
        bench.Run("copy_from_bf16", (2, 1, 1), bench.Put<ushort>(x) + (offset * sizeof(ushort)), y, (long)count);
        Assert.Equal(x.Skip(offset).Select(v => (uint)v << 16), bench.Get<float>(y, count).Select(BitConverter.SingleToUInt32Bits));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void FiniteCheck_OfOneSpecialElement_FindsItAnywhere(bool bf16)
    {
        using var bench = new KernelBench();
        const int count = 531;
        foreach (int place in new[] { -1, 0, 7, 100, count - 1 })
        {
            foreach (float special in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
            {
                var x = new KernelPixels(bench, bf16, 1, count, count, 0, (_, c) => c == place ? special : c % 2 == 0 ? 3e38 : -1e-38);
                nint flag = bench.Put(0);
                bench.Run("finite_check" + x.Suffix, (1, 1, 1), x.Address, (long)count, flag);
                Assert.Equal(place < 0 ? 0 : 1, bench.Get<int>(flag, 1)[0]);
            }
        }
    }

    [Theory]
    [InlineData(0.5f, 0, 0, 0)]
    [InlineData(0.5f, 3, 0, 1)]
    [InlineData(float.NaN, 0, 0, 2)]
    [InlineData(float.PositiveInfinity, 2, 1, 7)]
    [InlineData(1e30f, 0, 1, 4)]
    public void StepGuard_OfWhatWasFound_JudgesAndRecords(float loss, int invalid, int special, int expected)
    {
        using var bench = new KernelBench();
        nint guard = bench.Reserve(sizeof(int)), record = bench.Reserve(3 * sizeof(int));
        bench.Run("step_guard", (1, 1, 1), bench.Put(loss), bench.Put(invalid), bench.Put(special), guard, record);
        Assert.Equal(expected, bench.Get<int>(guard, 1)[0]);
        Assert.Equal([BitConverter.SingleToInt32Bits(loss), invalid, expected], bench.Get<int>(record, 3));
        bench.Run("step_guard", (1, 1, 1), (nint)0, (nint)0, bench.Put(special), guard, record);
        Assert.Equal(4 * special, bench.Get<int>(guard, 1)[0]);
    }

    private static float[] Values(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, 1003).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}
