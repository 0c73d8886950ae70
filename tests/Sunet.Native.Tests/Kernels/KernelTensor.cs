using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Kernels;

/// <summary>A tensor in any layout, or a channel slice of one, read and written element by element.</summary>
internal sealed class KernelTensor
{
    /// <summary>What bf16 holds, too.</summary>
    public const float Untouched = -12352f;
    public readonly NativeTensor Native;
    public readonly float[] Data;
    private readonly int _block, _first, _paddedTotal;

    /// <param name="before">Channels of the enclosing tensor in front of the slice.</param>
    /// <param name="after">Channels of the enclosing tensor behind it.</param>
    public KernelTensor(int n, int c, int h, int w, NativeLayout layout, int before = 0, int after = 0)
    {
        int total = before + c + after;
        Native = new NativeTensor(n, total, h, w, layout);
        if (total != c)
        {
            Native = Native.Slice(before, c);
        }

        _block = layout switch { NativeLayout.Plain => 1, NativeLayout.Blocked8 => 8, NativeLayout.Blocked16 => 16, _ => total };
        _first = before;
        _paddedTotal = (total + _block - 1) / _block * _block;
        Data = new float[n * _paddedTotal * h * w];
        Array.Fill(Data, Untouched);
        (N, C, H, W, Total) = (n, c, h, w, total);
    }

    public int N { get; }

    public int C { get; }

    public int H { get; }

    public int W { get; }

    public int Total { get; }

    public float this[int n, int c, int h, int w]
    {
        get => Data[Index(n, c, h, w)];
        set => Data[Index(n, c, h, w)] = value;
    }

    /// <summary>Fills the slice from a seed and zeroes the padding, as a kernel's operand has it.</summary>
    public KernelTensor Randomize(int seed, double mean = 0.3, double deviation = 1.5)
    {
        Random random = new(seed);
        ForEach((n, c, h, w) => this[n, c, h, w] = (float)(mean + (deviation * ((random.NextDouble() * 2) - 1))));
        for (int c = Total - _first; c < _paddedTotal - _first; c++)
        {
            ForEachPixel((n, h, w) => this[n, c, h, w] = 0f);
        }

        return this;
    }

    public double[] Read()
    {
        List<double> values = [];
        ForEach((n, c, h, w) => values.Add(this[n, c, h, w]));
        return [.. values];
    }

    public void ForEach(Action<int, int, int, int> visit)
    {
        for (int n = 0; n < N; n++)
        {
            for (int c = 0; c < C; c++)
            {
                for (int i = 0; i < H * W; i++)
                {
                    visit(n, c, i / W, i % W);
                }
            }
        }
    }

    /// <summary>The slice is near what is expected, its padding zero and its neighbours as they were.</summary>
    public void AssertWritten(Func<int, int, int, int, double> expected, double tolerance = 1e-6)
    {
        double error = 0, size = 0;
        ForEach((n, c, h, w) =>
        {
            double want = expected(n, c, h, w), difference = this[n, c, h, w] - want;
            error += difference * difference;
            size += want * want;
        });
        Assert.True(Math.Sqrt(error) <= tolerance * Math.Sqrt(size) + 1e-30, $"{Native}: {Math.Sqrt(error)} of {Math.Sqrt(size)}");
        for (int c = -_first; c < _paddedTotal - _first; c++)
        {
            if (c >= 0 && c < C)
            {
                continue;
            }

            bool padding = c + _first >= Total, own = _first + C == Total;
            ForEachPixel((n, h, w) => Assert.Equal(padding && own ? 0f : Untouched, this[n, c, h, w]));
        }
    }

    private void ForEachPixel(Action<int, int, int> visit)
    {
        for (int n = 0; n < N; n++)
        {
            for (int i = 0; i < H * W; i++)
            {
                visit(n, i / W, i % W);
            }
        }
    }

    private int Index(int n, int c, int h, int w)
    {
        int at = _first + c;
        return (((((n * (_paddedTotal / _block)) + (at / _block)) * H) + h) * W + w) * _block + (at % _block);
    }
}
