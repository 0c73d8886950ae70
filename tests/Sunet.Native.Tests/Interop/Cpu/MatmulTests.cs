using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class MatmulTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public void Dispose() => context.Dispose();

    [Theory]
    [InlineData(4, 2304, 1000, false, true, true)]
    [InlineData(1000, 4, 2304, true, false, false)]
    [InlineData(4, 1000, 2304, false, false, false)]
    [InlineData(1, 1, 1, false, false, true)]
    [InlineData(7, 13, 5, true, true, true)]
    public void Execute_EveryTransposition_MatchesFloat64(int m, int k, int n, bool transposeSource, bool transposeWeights, bool hasBias)
    {
        float[] a = Numbers.Random((long)m * k, 1), b = Numbers.Random((long)k * n, 2), bias = Numbers.Random(n, 3);
        double[] expected = new double[m * n];
        for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++)
        {
            double sum = hasBias ? bias[j] : 0;
            for (int l = 0; l < k; l++)
                sum += (double)a[transposeSource ? l * m + i : i * k + l] * b[transposeWeights ? j * k + l : l * n + j];
            expected[i * n + j] = sum;
        }

        Numbers.AssertClose(expected, Run(a, b, hasBias ? bias : null, m, k, n, transposeSource, transposeWeights), k + 1);
    }

    [Fact]
    public void Create_NoRows_IsArgumentError() =>
        Assert.Throws<ArgumentException>(() => CpuPrimitiveHandle.Matmul(context, 0, 2, 3, false, false, false));

    private unsafe float[] Run(float[] a, float[] b, float[]? bias, int m, int k, int n, bool transposeSource, bool transposeWeights)
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.Matmul(
            context, m, k, n, transposeSource, transposeWeights, bias is not null);
        using CpuMemoryHandle scratch = CpuMemoryHandle.Allocate(primitive.ScratchBytes);
        float[] result = new float[m * n];
        fixed (float* source = a, weights = b, sums = bias, destination = result)
        {
            primitive.Bind(NativeArgument.Source, (nint)source);
            primitive.Bind(NativeArgument.Weights, (nint)weights);
            primitive.Bind(NativeArgument.Destination, (nint)destination);
            if (bias is not null)
                primitive.Bind(NativeArgument.Bias, (nint)sums);
            if (primitive.ScratchBytes > 0)
                primitive.Bind(NativeArgument.Scratch, scratch.Raw);
            primitive.Execute();
        }

        return result;
    }
}
