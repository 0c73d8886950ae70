using static Sunet.Native.Tests.Emulation.Images;

namespace Sunet.Native.Tests.Emulation;

/// <summary>Normalization, pooling, reductions and pointwise operations of the emulated graph interface.</summary>
public sealed unsafe class CudnnNormTests : CudnnTest
{
    private const CudnnDataType F32 = CudnnDataType.Float32;
    private const CudnnDataType Bf16 = CudnnDataType.BFloat16;
    private const double Tolerance = 3e-6;
    private const int C = 8;
    private static readonly int[] Dims = [2, C, 3, 5];
    private static readonly int[] Vector = [1, C, 1, 1];
    private readonly double[] x = Random(30 * C, 1), scale = Random(C, 2), bias = Random(C, 3);
    private readonly double[] mean = new double[C], variance = new double[C];

    public CudnnNormTests()
    {
        for (int i = 0; i < x.Length; i++)
            mean[i % C] += x[i] / 30;
        for (int i = 0; i < x.Length; i++)
            variance[i % C] += Math.Pow(x[i] - mean[i % C], 2) / 30;
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Training_WithRunningStatistics_IsBatchNormalization(bool relu)
    {
        double[] oldMean = Random(C, 4), oldVariance = Random(C, 5);
        const float epsilon = 1e-3f;
        (float number, double factor) = (epsilon, 0.1);
        nint normalized = relu ? Tensor(20, F32, Dims, isVirtual: true) : Tensor(2, F32, Dims);
        nint norm = Forward(1, normalized, [
            (CudnnAttribute.NormForwardEpsilon, Tensor(7, F32, [1, 1, 1, 1], byValue: true)),
            (CudnnAttribute.NormForwardExponentialAverageFactor, Tensor(8, (CudnnDataType)1, [1, 1, 1, 1], byValue: true, alignment: 8)),
            (CudnnAttribute.NormForwardInputRunningMean, Tensor(9, F32, Vector)),
            (CudnnAttribute.NormForwardInputRunningVariance, Tensor(10, F32, Vector)),
            (CudnnAttribute.NormForwardOutputRunningMean, Tensor(11, F32, Vector)),
            (CudnnAttribute.NormForwardOutputRunningVariance, Tensor(12, F32, Vector))]);
        nint graph = relu ? Graph(norm, Relu(normalized, Tensor(2, F32, Dims))) : Graph(norm);
        nint y = Device(x.Length * 4), savedMean = Device(C * 4), savedDeviation = Device(C * 4), running = Upload(oldMean),
            spread = Upload(oldVariance);
        Run(Configurations(graph, ModeA)[1],
            (1, Upload(x)), (2, y), (3, savedMean), (4, savedDeviation), (5, Upload(scale)), (6, Upload(bias)), (7, (nint)(&number)),
            (8, (nint)(&factor)), (9, running), (10, spread), (11, running), (12, spread));
        Near(mean, Download(savedMean, C), Tolerance);
        Near([.. variance.Select(v => 1 / Math.Sqrt(v + epsilon))], Download(savedDeviation, C), Tolerance);
        Near(Normalize(epsilon, relu), Download(y, x.Length), Tolerance);
        Near([.. oldMean.Zip(mean, (o, n) => 0.9 * o + 0.1 * n)], Download(running, C), Tolerance);
        Near([.. oldVariance.Zip(variance, (o, n) => 0.9 * o + 0.1 * n * 30 / 29)], Download(spread, C), Tolerance);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_AloneOrBehindARecomputedRelu_IsTheGradient(bool relu)
    {
        double[] gradient = Random(x.Length, 6);
        double[] deviation = [.. variance.Select(v => 1 / Math.Sqrt(v + 1e-3))];
        nint dy = Tensor(2, F32, Dims);
        nint graph = relu ? ReluChain(dy, true) : Graph(Backward(dy));
        nint dx = Device(x.Length * 4), dscale = Device(C * 4), dbias = Device(C * 4);
        (long, nint)[] pointers = [
            (1, Upload(x)), (2, Upload(gradient)), (3, Upload(mean)), (4, Upload(deviation)), (5, Upload(scale)), (21, dscale),
            (22, dbias), (23, dx)];
        Run(Configurations(graph, ModeA)[1], relu ? [.. pointers, (6, Upload(bias))] : pointers);
        double[] mask = Normalize(1e-3, false);
        double[] g = [.. gradient.Select((v, i) => relu && mask[i] <= 0 ? 0 : v)];
        double[] hat = [.. x.Select((v, i) => (v - mean[i % C]) * deviation[i % C])], sums = new double[C], products = new double[C];
        for (int i = 0; i < g.Length; i++)
        {
            sums[i % C] += g[i];
            products[i % C] += g[i] * hat[i];
        }

        Near(sums, Download(dbias, C), Tolerance);
        Near(products, Download(dscale, C), Tolerance);
        Near(
            [.. g.Select((v, i) => scale[i % C] * deviation[i % C] * (v - (sums[i % C] + hat[i] * products[i % C]) / 30))],
            Download(dx, x.Length), Tolerance);
    }

    [Fact]
    public void ReluChain_OverAStoredImage_HasNoEngine() =>
        Assert.Equal((int)CudnnResult.NotSupportedGraphPattern, Support(ReluChain(Tensor(2, F32, Dims), false)));

    [Theory]
    [InlineData(0, 6, 3002)]
    [InlineData(0, 12, 0)]
    [InlineData(9, 12, 3002)]
    [InlineData(9, 16, 0)]
    public void Norm_OfOddChannels_HasNoEngine(int type, int channels, int status)
    {
        CudnnDataType t = (CudnnDataType)type;
        int[] dims = [2, channels, 3, 3], vector = [1, channels, 1, 1];
        nint operation = Create(CudnnDescriptorType.OperationNormBackward);
        Number(operation, CudnnAttribute.NormBackwardMode, CudnnAttributeType.NormMode, 2);
        foreach ((CudnnAttribute name, int id) in new[] { (CudnnAttribute.NormBackwardX, 1), (CudnnAttribute.NormBackwardDy, 2),
            (CudnnAttribute.NormBackwardDx, 3) })
            Child(operation, name, Tensor(id, t, dims));
        foreach ((CudnnAttribute name, int id) in new[] {
            (CudnnAttribute.NormBackwardMean, 4), (CudnnAttribute.NormBackwardInverseVariance, 5), (CudnnAttribute.NormBackwardScale, 6),
            (CudnnAttribute.NormBackwardDscale, 7), (CudnnAttribute.NormBackwardDbias, 8) })
            Child(operation, name, Tensor(id, F32, vector));
        Assert.Equal(status, Support(Graph(Final(operation))));
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void AveragePool_BothWays_IsThatOfPlainLoops(int mode)
    {
        // 3 x 3 every 2 pixels with a border of 1 around 5 x 5.
        double[] image = Random(25 * 3, 1), gradient = Random(9 * 3, 2), pooled = new double[27], back = new double[75];
        for (int o = 0; o < 9; o++)
        {
            int[] inside = [.. from i in Enumerable.Range(0, 9)
                let row = o / 3 * 2 - 1 + i / 3 let column = o % 3 * 2 - 1 + i % 3
                where row is >= 0 and < 5 && column is >= 0 and < 5 select row * 5 + column];
            double count = mode == 2 ? 9 : inside.Length;
            foreach (int pixel in inside)
            {
                for (int c = 0; c < 3; c++)
                {
                    pooled[o * 3 + c] += image[pixel * 3 + c] / count;
                    back[pixel * 3 + c] += gradient[o * 3 + c] / count;
                }
            }
        }

        nint large = Tensor(1, F32, [1, 3, 5, 5]), small = Tensor(2, F32, [1, 3, 3, 3]), y = Device(27 * 4), dx = Device(75 * 4);
        nint forward = Graph(Resample(CudnnDescriptorType.OperationResampleForward, mode, large, small));
        nint backward = Graph(Resample(CudnnDescriptorType.OperationResampleBackward, mode, large, small));
        Run(Configurations(forward, ModeA)[1], (1, Upload(image)), (2, y));
        Run(Configurations(backward, ModeA)[1], (1, dx), (2, Upload(gradient)));
        Near(pooled, Download(y, 27), Tolerance);
        Near(back, Download(dx, 75), Tolerance);
    }

    [Fact]
    public void Reduction_OverPixels_SumsChannels()
    {
        nint what = Create(CudnnDescriptorType.Reduction), operation = Create(CudnnDescriptorType.OperationReduction);
        Number(what, CudnnAttribute.ReductionOperator, CudnnAttributeType.ReductionOperator, 0);
        Number(what, CudnnAttribute.ReductionComputeType, CudnnAttributeType.DataType, 0);
        Child(operation, CudnnAttribute.OperationReductionDescriptor, Final(what));
        Child(operation, CudnnAttribute.OperationReductionX, Tensor(1, Bf16, Dims));
        Child(operation, CudnnAttribute.OperationReductionY, Tensor(2, F32, Vector));
        nint y = Device(C * 4);
        Run(Configurations(Graph(Final(operation)), ModeA)[1], (1, Device<ushort>(Halves(x))), (2, y));
        Near([.. mean.Select(m => m * 30)], Download(y, C), Tolerance);
    }

    [Fact]
    public void Pointwise_Chain_MultipliesAddsAndClips()
    {
        nint product = Tensor(10, F32, Dims, isVirtual: true), sum = Tensor(11, F32, Dims, isVirtual: true), y = Device(x.Length * 4);
        nint multiply = Pointwise(
            CudnnPointwiseMode.Multiply, (CudnnAttribute.OperationPointwiseX, Tensor(1, F32, Dims)),
            (CudnnAttribute.OperationPointwiseB, Tensor(2, F32, Vector)), (CudnnAttribute.OperationPointwiseY, product));
        Run(Configurations(Graph(multiply, Add(product, Tensor(3, F32, Vector), sum), Relu(sum, Tensor(4, F32, Dims))), ModeA)[1],
            (1, Upload(x)), (2, Upload(scale)), (3, Upload(bias)), (4, y));
        Near([.. x.Select((v, i) => Math.Max(v * scale[i % C] + bias[i % C], 0))], Download(y, x.Length), Tolerance);
    }

    private static nint Upload(double[] values) => Device<float>(Floats(values));

    private double[] Download(nint address, int count) => [.. Read<float>(address, count).Select(v => (double)v)];

    private double[] Normalize(double epsilon, bool relu) =>
        [.. x.Select((v, i) => (v - mean[i % C]) / Math.Sqrt(variance[i % C] + epsilon) * scale[i % C] + bias[i % C])
            .Select(v => relu ? Math.Max(v, 0) : v)];

    private static nint Forward(int phase, nint y, params ReadOnlySpan<(CudnnAttribute Name, nint Tensor)> more)
    {
        nint operation = Create(CudnnDescriptorType.OperationNormForward);
        Number(operation, CudnnAttribute.NormForwardMode, CudnnAttributeType.NormMode, 2);
        Number(operation, CudnnAttribute.NormForwardPhase, CudnnAttributeType.NormPhase, phase);
        Child(operation, CudnnAttribute.NormForwardX, Tensor(1, F32, Dims));
        Child(operation, CudnnAttribute.NormForwardY, y);
        Child(operation, CudnnAttribute.NormForwardMean, Tensor(3, F32, Vector));
        Child(operation, CudnnAttribute.NormForwardInverseVariance, Tensor(4, F32, Vector));
        Child(operation, CudnnAttribute.NormForwardScale, Tensor(5, F32, Vector));
        Child(operation, CudnnAttribute.NormForwardBias, Tensor(6, F32, Vector));
        foreach ((CudnnAttribute name, nint tensor) in more)
            Child(operation, name, tensor);
        return Final(operation);
    }

    private static nint Backward(nint dy)
    {
        nint operation = Create(CudnnDescriptorType.OperationNormBackward);
        Number(operation, CudnnAttribute.NormBackwardMode, CudnnAttributeType.NormMode, 2);
        Child(operation, CudnnAttribute.NormBackwardX, Tensor(1, F32, Dims));
        Child(operation, CudnnAttribute.NormBackwardDy, dy);
        Child(operation, CudnnAttribute.NormBackwardMean, Tensor(3, F32, Vector));
        Child(operation, CudnnAttribute.NormBackwardInverseVariance, Tensor(4, F32, Vector));
        Child(operation, CudnnAttribute.NormBackwardScale, Tensor(5, F32, Vector));
        Child(operation, CudnnAttribute.NormBackwardDscale, Tensor(21, F32, Vector));
        Child(operation, CudnnAttribute.NormBackwardDbias, Tensor(22, F32, Vector));
        Child(operation, CudnnAttribute.NormBackwardDx, Tensor(23, F32, Dims));
        return Final(operation);
    }

    private nint ReluChain(nint dy, bool isVirtual)
    {
        nint y = Tensor(30, F32, Dims, isVirtual: isVirtual), masked = Tensor(31, F32, Dims, isVirtual: true);
        nint gradient = Pointwise(
            CudnnPointwiseMode.ReluBackward, (CudnnAttribute.OperationPointwiseX, y), (CudnnAttribute.OperationPointwiseDy, dy),
            (CudnnAttribute.OperationPointwiseDx, masked));
        return Graph(Forward(0, y), gradient, Backward(masked));
    }

    private static nint Resample(CudnnDescriptorType kind, int mode, nint large, nint small)
    {
        nint what = Create(CudnnDescriptorType.Resample), operation = Create(kind);
        Number(what, CudnnAttribute.ResampleMode, CudnnAttributeType.ResampleMode, mode);
        Number(what, CudnnAttribute.ResampleComputeType, CudnnAttributeType.DataType, 0);
        Number(what, CudnnAttribute.ResamplePaddingMode, CudnnAttributeType.PaddingMode, 0);
        Integers(what, CudnnAttribute.ResampleSpatialDimensions, 2);
        foreach ((CudnnAttribute name, int value) in new[] {
            (CudnnAttribute.ResampleWindowDimensions, 3), (CudnnAttribute.ResampleStrides, 2), (CudnnAttribute.ResamplePrePaddings, 1),
            (CudnnAttribute.ResamplePostPaddings, 1) })
            Good(Set(what, name, CudnnAttributeType.Fraction, new CudnnFraction(value, 1), new CudnnFraction(value, 1)));
        bool forward = kind == CudnnDescriptorType.OperationResampleForward;
        Child(operation, forward ? CudnnAttribute.OperationResampleForwardDescriptor : CudnnAttribute.OperationResampleBackwardDescriptor,
            Final(what));
        Child(operation, forward ? CudnnAttribute.OperationResampleForwardX : CudnnAttribute.OperationResampleBackwardDx, large);
        Child(operation, forward ? CudnnAttribute.OperationResampleForwardY : CudnnAttribute.OperationResampleBackwardDy, small);
        return Final(operation);
    }
}
