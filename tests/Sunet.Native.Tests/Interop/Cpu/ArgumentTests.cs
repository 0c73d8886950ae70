using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class ArgumentTests : IDisposable
{
    private readonly CpuContextHandle context = CpuContextHandle.Create(2);
    private readonly ConvolutionCase sample = ConvolutionCase.All[0];

    public void Dispose() => context.Dispose();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(5000)]
    public void CreateContext_ThreadsOutOfRange_IsArgumentError(int threads)
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => CpuContextHandle.Create(threads));
        Assert.Contains("1 to 4096 threads", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Execute_NothingBound_NamesTheArgument()
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, sample.Convolution(NativeLayout.Plain));
        ArgumentException error = Assert.Throws<ArgumentException>(() => primitive.Execute("block3.conv"));
        Assert.Contains("block3.conv", error.Message, StringComparison.Ordinal);
        Assert.Contains("source was not bound", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Bind_ArgumentNotTaken_IsArgumentError()
    {
        using CpuPrimitiveHandle primitive = CpuPrimitiveHandle.ConvolutionForward(context, sample.Convolution(NativeLayout.Plain));
        Assert.Throws<ArgumentException>(() => primitive.Bind(NativeArgument.Bias, 64));
        Assert.Throws<ArgumentException>(() => primitive.Bind(NativeArgument.Source, 0));
        Assert.Throws<ArgumentException>(() => primitive.Bind((NativeArgument)9, 64));
        Assert.Throws<ArgumentException>(() => primitive.Format(NativeArgument.Scratch));
    }

    [Fact]
    public void CreateConvolution_Contradictions_AreArgumentErrors()
    {
        AssertRefused((ref NativeConvolution c) => c.Destination.Dim2 = 99, "height");
        AssertRefused((ref NativeConvolution c) => c.Destination.Dim3 = 99, "width");
        AssertRefused((ref NativeConvolution c) => c.Weights.Dim1 = 99, "do not lead from");
        AssertRefused((ref NativeConvolution c) => c.StrideHeight = 0, "stride");
        AssertRefused((ref NativeConvolution c) => c.DilationWidth = 0, "dilation");
        AssertRefused((ref NativeConvolution c) => c.PaddingTop = -1, "padding");
        AssertRefused((ref NativeConvolution c) => c.Source.Dim0 = 0, "below 1");
        AssertRefused((ref NativeConvolution c) => c.Source.Rank = 7, "rank 7");
        AssertRefused((ref NativeConvolution c) => c.Weights.Layout = NativeLayout.Blocked16, "PLAIN, or ANY");
        AssertRefused((ref NativeConvolution c) => c.Source = c.Source.Slice(8, 16), "no channel slice");
    }

    [Fact]
    public void CreateFormat_LayoutAny_IsArgumentError() =>
        Assert.Throws<ArgumentException>(() => CpuFormatHandle.Create(new NativeTensor(1, 2, 3, 4, NativeLayout.Any)));

    [Fact]
    public void Allocate_MoreThanTheHostHas_NamesTheBytes()
    {
        MemoryException error = Assert.Throws<MemoryException>(() => CpuMemoryHandle.Allocate(1L << 60));
        Assert.Equal(1L << 60, error.Bytes);
        Assert.Equal(4, error.ExitCode);
    }

    [Theory]
    [InlineData(1L)]
    [InlineData(4096L)]
    [InlineData(5L << 20)]
    public unsafe void Allocate_AnySize_IsAlignedAndZero(long bytes)
    {
        using CpuMemoryHandle memory = CpuMemoryHandle.Allocate(bytes);
        Assert.Equal(0, memory.Raw % (bytes >= 4 << 20 ? 2 << 20 : 64));
        Assert.Equal(-1, new ReadOnlySpan<byte>((void*)memory.Raw, (int)bytes).IndexOfAnyExcept((byte)0));
    }

    private delegate void Edit(ref NativeConvolution convolution);

    private void AssertRefused(Edit edit, string words)
    {
        NativeConvolution convolution = sample.Convolution(NativeLayout.Plain);
        edit(ref convolution);
        ArgumentException error = Assert.Throws<ArgumentException>(() => CpuPrimitiveHandle.ConvolutionForward(context, convolution));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }
}
