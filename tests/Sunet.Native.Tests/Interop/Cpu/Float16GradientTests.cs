using Sunet.Native.Interop.Cpu;

namespace Sunet.Native.Tests.Interop.Cpu;

public sealed class Float16GradientTests
{
    private static readonly int[] Widths = [1, 2, 3, 5, 8, 63, 64, 65, 130];

    /// <summary>Rows that fill no sum, or several, or are summed together; single pixels; kernels mostly beside the image.</summary>
    private static readonly ConvolutionCase[] Shapes =
    [
        .. Widths.Select(w => new ConvolutionCase(2, 32, 48, 6, w, 3, 1, 1, 1, 1, 1, 1)),
        .. Widths.Select(w => new ConvolutionCase(1, 16, 80, 7, w, 3, 2, 1, 1, 1, 1, 1)),
        .. Widths.Select(w => new ConvolutionCase(2, 16, 32, 5, w, 1, 1, 1, 0, 0, 0, 0)),
        new(3, 48, 80, 1, 1, 3, 1, 1, 1, 1, 1, 1),
        new(3, 48, 80, 1, 1, 1, 1, 1, 0, 0, 0, 0),
        new(1, 32, 64, 70, 3, 3, 1, 1, 1, 1, 1, 1),
        new(2, 16, 32, 71, 3, 3, 2, 1, 1, 1, 1, 1),
        new(1, 32, 48, 13, 21, 5, 1, 1, 2, 2, 2, 2),
        new(1, 32, 48, 12, 12, 5, 2, 1, 2, 1, 1, 3),
        new(2, 16, 32, 9, 10, 3, 1, 1, 0, 2, 3, 0),
        new(2, 32, 32, 9, 9, 1, 1, 1, 1, 0, 0, 1),
        new(1, 32, 32, 13, 41, 2, 2, 1, 0, 0, 0, 0),
        new(2, 16, 16, 9, 140, 3, 2, 4, 4, 4, 4, 4),
        new(1, 16, 16, 3, 2, 3, 1, 4, 4, 4, 4, 4),
    ];

    /// <summary>More channels than one tile, block or group has.</summary>
    private static readonly ConvolutionCase[] Larger =
    [
        new(2, 64, 64, 19, 23, 3, 1, 1, 1, 1, 1, 1),
        new(1, 128, 64, 33, 31, 1, 1, 1, 0, 0, 0, 0),
        new(2, 64, 256, 16, 16, 1, 1, 1, 0, 0, 0, 0),
        new(1, 96, 80, 21, 27, 3, 2, 1, 1, 1, 1, 1),
        new(1, 64, 32, 18, 25, 3, 1, 4, 4, 4, 4, 4),
        new(2, 160, 130, 17, 19, 1, 1, 1, 0, 0, 0, 0),
        new(1, 64, 192, 11, 14, 3, 1, 1, 1, 1, 1, 1),
        new(3, 48, 112, 14, 15, 1, 2, 1, 0, 0, 0, 0),
    ];

    /// <summary>What keeps a gradient from being summed in float16.</summary>
    public enum Obstacle
    {
        NotWanted,
        Plain,
        Nhwc,
        PlainWeights,
        NarrowWeights,
    }

    public static MatrixTheoryData<ConvolutionCase, bool> ExactCases() =>
        Float16Gradient.InBothDirections([.. ConvolutionCase.All, .. Shapes]);

    public static MatrixTheoryData<ConvolutionCase, bool> Cases() =>
        Float16Gradient.InBothDirections([.. ConvolutionCase.All, .. Shapes, .. Larger]);

    /// <summary>One to four planes, rows that fill no vector of eight pixels, and kernels of all sizes.</summary>
    public static MatrixTheoryData<ConvolutionCase, bool> Images()
    {
        List<ConvolutionCase> cases =
        [
            new(1, 4, 48, 12, 30, 5, 1, 1, 2, 1, 2, 3),
            new(2, 3, 100, 6, 3, 1, 1, 1, 0, 0, 0, 0),
            new(1, 3, 24, 7, 1, 3, 1, 1, 1, 1, 1, 1),
            new(2, 2, 32, 33, 9, 3, 2, 1, 0, 0, 1, 1),
            new(1, 3, 32, 5, 140, 3, 1, 1, 1, 1, 1, 1),
        ];
        for (int planes = 1; planes <= 4; planes++)
        {
            foreach (int width in new[] { 5, 26 })
            {
                cases.Add(new(2, planes, 40, 19, width, 7, 2, 1, 3, 3, 3, 3));
                cases.Add(new(1, planes, 64, 10, width, 3, 1, 1, 1, 1, 1, 1));
            }
        }

        return Float16Gradient.InBothDirections(cases);
    }

    /// <summary>A last slice may end within a block.</summary>
    public static MatrixTheoryData<ConvolutionCase, bool> Slices() => Float16Gradient.InBothDirections(
    [
        new(2, 16, 32, 9, 7, 3, 2, 1, 1, 1, 1, 1),
        new(2, 32, 80, 9, 7, 1, 1, 1, 0, 0, 0, 0),
        new(2, 48, 21, 6, 15, 3, 1, 2, 2, 2, 2, 2),
        new(1, 21, 16, 3, 70, 3, 1, 1, 1, 1, 1, 1),
    ]);

    public static MatrixTheoryData<bool, Obstacle> Obstacles() => new([false, true], Enum.GetValues<Obstacle>());

    [Theory]
    [MemberData(nameof(ExactCases))]
    public void WeightsAndBias_IntegerData_AreExact(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        AssertExact(context, c, Float16Gradient.Convolution(c, transposed, bias: true), transposed));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weights_RandomData_AreWithinRounding(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        AssertClose(context, c, Float16Gradient.Convolution(c, transposed), transposed));

    [Theory]
    [MemberData(nameof(Images))]
    public void Image_InPlanes_IsExactOnIntegersAndElseWithinRounding(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
    {
        AssertExact(context, c, Float16Gradient.OfImage(c, transposed, bias: true), transposed);
        AssertClose(context, c, Float16Gradient.OfImage(c, transposed), transposed);
    });

    [Theory]
    [MemberData(nameof(Slices))]
    public void WeightsAndBias_OfChannelSlices_ReadTheirChannelsOnly(ConvolutionCase c, bool transposed) => Float16Cpu.Run(context =>
        Float16Gradient.AssertSlicesAreExact(context, c, Float16Gradient.Convolution(c, transposed, bias: true), transposed));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Format_OfWeights_IsRowMajorFloat32(bool transposed) => Float16Cpu.Run(context =>
    {
        foreach (ConvolutionCase c in ConvolutionCase.All)
        {
            NativeConvolution convolution = Float16Gradient.Convolution(c, transposed);
            using CpuPrimitiveHandle primitive = Float16Gradient.Create(context, convolution, transposed);
            using CpuFormatHandle own = primitive.Format(NativeArgument.Weights);
            using CpuFormatHandle rowMajor = CpuFormatHandle.Create(Layouts.Plain(convolution.Weights));
            Assert.True(own.IsSameAs(rowMajor), own.Describe());
            Assert.Equal(sizeof(float) * c.Weights.Count, own.Bytes);
        }
    });

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void Create_NotWantedOrOtherFormat_TakesAnotherImplementation(bool transposed, Obstacle obstacle) => Float16Cpu.Run(context =>
    {
        foreach (ConvolutionCase c in new[] { ConvolutionCase.All[0], ConvolutionCase.All[5] })
        {
            NativeConvolution convolution = Float16Gradient.Convolution(c, transposed, bias: true, obstacle switch
            {
                Obstacle.Plain => NativeLayout.Plain,
                Obstacle.Nhwc => NativeLayout.Nhwc,
                _ => NativeLayout.Blocked16,
            });
            convolution.Float16 = obstacle == Obstacle.NotWanted ? 0 : 1;
            if (obstacle == Obstacle.PlainWeights)
                convolution.Weights.Layout = NativeLayout.Plain;
            if (obstacle == Obstacle.NarrowWeights)
                convolution.Weights.Type = NativeType.BFloat16;
            AssertOtherAndExact(context, c, convolution, transposed, narrow: obstacle == Obstacle.NarrowWeights);
        }
    });

    /// <summary>A kernel's columns over planes lie side by side, as its rows are read in one go; and the small side is in blocks.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Create_ImageItCannotTake_TakesAnotherImplementation(bool transposed) => Float16Cpu.Run(context =>
    {
        ConvolutionCase dilated = new(1, 3, 32, 10, 12, 3, 1, 2, 1, 1, 1, 1), ofPlanes = new(1, 32, 3, 10, 12, 3, 1, 1, 1, 1, 1, 1);
        AssertOtherAndExact(context, dilated, Float16Gradient.OfImage(dilated, transposed, bias: true), transposed);
        NativeConvolution toPlanes = Float16Gradient.Convolution(ofPlanes, transposed, bias: true);
        (transposed ? ref toPlanes.Source : ref toPlanes.Destination).Layout = NativeLayout.Plain;
        AssertOtherAndExact(context, ofPlanes, toPlanes, transposed);
    });

    private static void AssertExact(CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed)
    {
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        (float[] weights, float[] bias) = Float16Gradient.Run(context, convolution, transposed, large, small);
        Numbers.AssertSame(ReferenceConvolution.BackwardWeights(c, large, small), weights);
        Numbers.AssertSame(Float16Gradient.BiasReference(c, transposed, large, small), bias);
    }

    private static void AssertClose(CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed)
    {
        float[] large = Bf16.Round(Numbers.Random(c.Large.Count, 1)), small = Bf16.Round(Numbers.Random(c.Small.Count, 2));
        (float[] weights, _) = Float16Gradient.Run(context, convolution, transposed, large, small);
        Float16Gradient.AssertClose(c, ReferenceConvolution.BackwardWeights(c, large, small), weights);
    }

    private static void AssertOtherAndExact(
        CpuContextHandle context, ConvolutionCase c, in NativeConvolution convolution, bool transposed, bool narrow = false)
    {
        float[] large = Numbers.Integers(c.Large.Count, 4), small = Numbers.Integers(c.Small.Count, 5);
        double[] expected = ReferenceConvolution.BackwardWeights(c, large, small);
        using CpuPrimitiveHandle primitive = Float16Gradient.Create(context, convolution, transposed);
        Assert.DoesNotContain("float16", primitive.Implementation, StringComparison.Ordinal);
        (float[] weights, float[] bias) = Float16Gradient.Run(context, primitive, convolution, transposed, large, small);
        Numbers.AssertSame(narrow ? Bf16.Round(expected) : expected, weights);
        Numbers.AssertSame(Float16Gradient.BiasReference(c, transposed, large, small), bias);
    }
}
