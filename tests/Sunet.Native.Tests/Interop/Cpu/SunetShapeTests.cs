using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>Every kind of convolution a SUNet has, at the sizes of a 512 x 512 image.</summary>
public sealed class SunetShapeTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);

    public static TheoryData<ConvolutionCase> Convolutions() =>
    [
        One(64, 128, 64), One(128, 64, 64), One(64, 256, 64), One(256, 64, 64), One(512, 1024, 32), One(1536, 512, 16), One(2304, 512, 32),
        One(2304, 21, 32), One(512, 21, 32), One(2304, 1000, 1),
        new ConvolutionCase(2, 64, 128, 64, 64, 1, 2, 1, 0, 0, 0, 0), Three(64, 64, 64, 1, 1),
        Three(128, 128, 64, 1, 1), Three(64, 128, 64, 2, 1),
        Three(128, 128, 32, 2, 1), Three(64, 64, 64, 2, 1), Three(128, 128, 32, 1, 2), Three(128, 128, 32, 1, 4), Three(128, 128, 32, 1, 8),
        Three(128, 128, 32, 1, 16), Three(64, 64, 32, 1, 8), Three(64, 64, 32, 1, 16), Three(128, 128, 65, 1, 16), Three(64, 64, 7, 1, 16),

        // Of a network narrower than the paper's: channels that fill no block.
        One(12, 40, 64), One(5, 7, 16), Three(8, 8, 64, 1, 1), Three(8, 24, 64, 2, 1), Three(4, 4, 32, 1, 2), Three(12, 8, 32, 1, 8),
    ];

    public void Dispose() => context.Dispose();

    [Theory]
    [MemberData(nameof(Convolutions))]
    public void EveryDirection_OfConvolution_HasCompiledImplementation(ConvolutionCase c)
    {
        NativeConvolution convolution = c.Convolution(Layouts.Blocked());
        NativeConvolution transposed = c.Convolution(Layouts.Blocked(), transposed: true);
        using CpuPrimitiveHandle forward = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using CpuPrimitiveHandle data = CpuPrimitiveHandle.ConvolutionBackwardData(context, convolution);
        using CpuPrimitiveHandle weights = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        using CpuPrimitiveHandle up = CpuPrimitiveHandle.DeconvolutionForward(context, transposed);
        using CpuPrimitiveHandle upData = CpuPrimitiveHandle.DeconvolutionBackwardData(context, transposed);
        using CpuPrimitiveHandle upWeights = CpuPrimitiveHandle.DeconvolutionBackwardWeights(context, transposed);
        Assert.All([forward, data, weights, up, upData, upWeights],
            p => Assert.StartsWith("jit", p.Implementation, StringComparison.Ordinal));
    }

    [Fact]
    public void EveryDirection_BetweenChannelSlices_HasCompiledImplementation()
    {
        NativeConvolution convolution = Three(64, 64, 32, 1, 1).Convolution(Layouts.Blocked());
        convolution.Source = (convolution.Source with { Dim1 = 192 }).Slice(64, 64);
        convolution.Destination = (convolution.Destination with { Dim1 = 128 }).Slice(64, 64);
        using CpuPrimitiveHandle forward = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using CpuPrimitiveHandle data = CpuPrimitiveHandle.ConvolutionBackwardData(context, convolution);
        using CpuPrimitiveHandle weights = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        Assert.All([forward, data, weights], p => Assert.StartsWith("jit", p.Implementation, StringComparison.Ordinal));
    }

    [Fact]
    public void ForwardAndWeights_OfFirstConvolution_HaveCompiledImplementation()
    {
        NativeConvolution convolution = new ConvolutionCase(2, 3, 64, 512, 512, 7, 2, 1, 3, 3, 3, 3).Convolution(Layouts.Blocked());
        convolution.Source.Layout = NativeLayout.Plain;
        using CpuPrimitiveHandle forward = CpuPrimitiveHandle.ConvolutionForward(context, convolution);
        using CpuPrimitiveHandle weights = CpuPrimitiveHandle.ConvolutionBackwardWeights(context, convolution);
        Assert.StartsWith("jit", forward.Implementation, StringComparison.Ordinal);
        Assert.StartsWith("jit", weights.Implementation, StringComparison.Ordinal);
    }

    private static ConvolutionCase One(int large, int small, int size) => new(2, large, small, size, size, 1, 1, 1, 0, 0, 0, 0);

    private static ConvolutionCase Three(int large, int small, int size, int stride, int dilation) =>
        new(2, large, small, size, size, 3, stride, dilation, dilation, dilation, dilation, dilation);
}
