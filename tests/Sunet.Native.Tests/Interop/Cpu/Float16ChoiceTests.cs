using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

/// <summary>
/// When convolutions multiply in float16, how their weights lie then, and that the number of threads does not change a result.
/// </summary>
public sealed class Float16ChoiceTests
{
    /// <summary>Rows, phases, strips of many and of few channels, fewer rows than threads.</summary>
    public static MatrixTheoryData<ConvolutionCase, ConvolutionDirection> ThreadCases() => Float16Cpu.InEveryDirection(
    [
        new(2, 64, 80, 13, 17, 3, 1, 1, 1, 1, 1, 1),
        new(1, 32, 48, 12, 29, 3, 2, 1, 1, 1, 1, 1),
        new(1, 128, 64, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(1, 16, 16, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(1, 192, 160, 1, 9, 3, 1, 1, 1, 1, 1, 1),
    ]);

    public static MatrixTheoryData<ConvolutionDirection, Obstacle> Obstacles() =>
        new(Float16Cpu.Directions, Enum.GetValues<Obstacle>());

    /// <summary>What keeps a convolution from multiplying in float16.</summary>
    public enum Obstacle
    {
        NotWanted,
        Plain,
        Nhwc,
        PlainWeights,
    }

    [Theory]
    [MemberData(nameof(ThreadCases))]
    public void Threads_OneToFour_GiveTheSameBits(ConvolutionCase c, ConvolutionDirection direction) =>
        Float16Cpu.Run(_ => AssertSameOnAnyThreads(c, direction, Bf16.Round(Numbers.Random(direction.Input(c).Count, 1))));

    /// <summary>Scales differ from row to row here, and would from strip to strip if those were other ones for other threads.</summary>
    [Theory]
    [MemberData(nameof(ThreadCases))]
    public void Threads_OneToFour_GiveTheSameBitsOfUnevenData(ConvolutionCase c, ConvolutionDirection direction) => Float16Cpu.Run(_ =>
    {
        int height = direction.Input(c)[2], width = direction.Input(c)[3];
        float[] input = Bf16.Round(Numbers.Random(direction.Input(c).Count, 1));
        for (int i = 0; i < input.Length; i++)
            input[i] = MathF.ScaleB(input[i], -40 * (i / width % height) / height);
        AssertSameOnAnyThreads(c, direction, input);
    });

    [Fact]
    public void Describe_OtherWeightsOrDirection_IsAnotherName() => Float16Cpu.Run(context =>
    {
        List<string> names = [];
        foreach (ConvolutionCase c in new ConvolutionCase[]
        {
            new(1, 16, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 32, 16, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 17, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 16, 33, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 16, 32, 8, 8, 1, 1, 1, 0, 0, 0, 0),
            new(1, 32, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
            new(1, 3, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1),
        })
        {
            names.Add(Name(context, ConvolutionDirection.Forward, Float16Cpu.Convolution(c, ConvolutionDirection.Forward)));
            names.Add(Name(context, ConvolutionDirection.BackwardData, Float16Cpu.Convolution(c, ConvolutionDirection.BackwardData)));
        }

        NativeConvolution image = Float16Cpu.Convolution(new(1, 3, 32, 8, 8, 3, 1, 1, 1, 1, 1, 1), ConvolutionDirection.Forward);
        image.Source.Layout = NativeLayout.Plain;
        names.Add(Name(context, ConvolutionDirection.Forward, image));
        Assert.All(names, n => Assert.StartsWith("f16", n, StringComparison.Ordinal));
        Assert.Equal(names.Count, names.Distinct(StringComparer.Ordinal).Count());
    });

    [Theory]
    [InlineData(ConvolutionDirection.Forward)]
    [InlineData(ConvolutionDirection.BackwardData)]
    public void IsSameAs_OtherSizeOfImage_IsTrueInOneDirectionOnly(ConvolutionDirection direction) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 20, 40, 8, 8, 3, 1, 1, 1, 1, 1, 1);
        ConvolutionDirection opposite =
            direction.IsForward() ? ConvolutionDirection.BackwardData : ConvolutionDirection.Forward;
        using CpuFormatHandle own = Format(context, direction, Float16Cpu.Convolution(c, direction));
        using CpuFormatHandle other = Format(context, direction, Float16Cpu.Convolution(
            c with { Batch = 3, Height = 21, Width = 14, Dilation = 2, Top = 2, Left = 2, Bottom = 2, Right = 2 }, direction));
        using CpuFormatHandle wider = Format(context, direction, Float16Cpu.Convolution(c with { LargeChannels = 21 }, direction));
        using CpuFormatHandle gradient = Format(context, opposite, Float16Cpu.Convolution(c, opposite));
        Assert.True(own.IsSameAs(other));
        Assert.Equal(own.Describe(), other.Describe());
        Assert.Equal(own.Bytes, other.Bytes);
        Assert.False(own.IsSameAs(wider));
        Assert.False(own.IsSameAs(gradient));
    });

    [Fact]
    public void Reorder_AnythingButRowMajorFloat32IntoIt_IsRefused() => Float16Cpu.Run(context =>
    {
        NativeConvolution convolution = Float16Cpu.Convolution(ConvolutionCase.All[0], ConvolutionDirection.Forward);
        NativeTensor plain = Layouts.Plain(convolution.Weights);
        using CpuFormatHandle own = Format(context, ConvolutionDirection.Forward, convolution);
        using CpuFormatHandle rowMajor = CpuFormatHandle.Create(plain);
        using CpuFormatHandle narrow = CpuFormatHandle.Create(plain with { Type = NativeType.BFloat16 });
        using CpuFormatHandle blocked = CpuFormatHandle.Create(plain with { Layout = NativeLayout.Nhwc });
        using CpuFormatHandle transposed = CpuFormatHandle.Create(plain with { Dim0 = plain.Dim1, Dim1 = plain.Dim0 });
        foreach ((CpuFormatHandle from, CpuFormatHandle to) in new[]
        {
            (narrow, own), (blocked, own), (own, rowMajor), (own, narrow), (own, own),
        })
        {
            BackendException refused = Assert.Throws<BackendException>(
                () => CpuPrimitiveHandle.Reorder(context, from, to, "conv1").Dispose());
            Assert.Equal(NativeStatus.Unsupported, refused.Code);
            Assert.Contains("conv1", refused.Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => CpuPrimitiveHandle.Reorder(context, transposed, own).Dispose());
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherLayout_TakesAnotherImplementation(
        ConvolutionDirection direction, Obstacle obstacle) => Float16Cpu.Run(context =>
    {
        foreach (ConvolutionCase c in new[] { ConvolutionCase.All[0], ConvolutionCase.All[5] })
        {
            NativeConvolution convolution = Float16Cpu.Convolution(c, direction, layout: obstacle switch
            {
                Obstacle.Plain => NativeLayout.Plain,
                Obstacle.Nhwc => NativeLayout.Nhwc,
                _ => NativeLayout.Blocked16,
            });
            convolution.Float16 = obstacle == Obstacle.NotWanted ? 0 : 1;
            if (obstacle == Obstacle.PlainWeights)
                convolution.Weights.Layout = NativeLayout.Plain;
            AssertOtherAndExact(context, c, direction, convolution);
        }
    });

    /// <summary>A kernel's row over planes is read in one go, for which its columns lie side by side; and planes are only read.</summary>
    [Theory]
    [InlineData(ConvolutionDirection.Forward, 2)]
    [InlineData(ConvolutionDirection.BackwardData, 1)]
    [InlineData(ConvolutionDirection.TransposedForward, 1)]
    public void Create_ImageItCannotTake_TakesAnotherImplementation(
        ConvolutionDirection direction, int dilation) => Float16Cpu.Run(context =>
    {
        ConvolutionCase c = new(1, 3, 32, 10, 12, 3, 1, dilation, 1, 1, 1, 1);
        NativeConvolution convolution = Float16Cpu.Convolution(c, direction);
        (direction.IsTransposed() ? ref convolution.Destination : ref convolution.Source).Layout = NativeLayout.Plain;
        AssertOtherAndExact(context, c, direction, convolution);
    });

    private static void AssertOtherAndExact(
        CpuContextHandle context, ConvolutionCase c, ConvolutionDirection direction, in NativeConvolution convolution)
    {
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        Assert.DoesNotContain("float16", primitive.Implementation, StringComparison.Ordinal);
        float[] input = Numbers.Integers(direction.Input(c).Count, 4), weights = Numbers.Integers(c.Weights.Count, 5);
        Numbers.AssertSame(
            Bf16.Round(direction.Reference(c, input, weights)), direction.Run(context, primitive, convolution, input, weights));
    }

    private static void AssertSameOnAnyThreads(ConvolutionCase c, ConvolutionDirection direction, float[] input)
    {
        float[] weights = Numbers.Random(c.Weights.Count, 2);
        uint[]? first = null;
        for (int threads = 1; threads <= 4; threads++)
        {
            using CpuContextHandle context = CpuContextHandle.Create(threads);
            uint[] bits = Array.ConvertAll(
                Float16Cpu.Run(context, direction, Float16Cpu.Convolution(c, direction), input, weights), BitConverter.SingleToUInt32Bits);
            Assert.Equal(first ??= bits, bits);
        }
    }

    private static CpuFormatHandle Format(CpuContextHandle context, ConvolutionDirection direction, in NativeConvolution convolution)
    {
        using CpuPrimitiveHandle primitive = direction.Create(context, convolution);
        return primitive.Format(NativeArgument.Weights);
    }

    private static string Name(CpuContextHandle context, ConvolutionDirection direction, in NativeConvolution convolution)
    {
        using CpuFormatHandle format = Format(context, direction, convolution);
        return format.Describe();
    }
}
