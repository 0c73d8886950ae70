using Sunet.Native.Tests.Backends.Cuda;
using static Sunet.Native.Tests.Emulation.Images;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The emulated convolutions compute what plain loops in double precision compute, each engine as its notes say.</summary>
public sealed unsafe class CudnnConvolutionTests : CudnnTest
{
    private const double FloatTolerance = 2e-6;
    private const double HalfTolerance = 5e-3;
    private const double TensorFloatTolerance = 2e-3;
    private const CudnnDataType F32 = CudnnDataType.Float32;
    private const CudnnDataType Bf16 = CudnnDataType.BFloat16;

    /// <summary>Extents, distance between the pixels of x and y beyond their channels, and types of the operands and of the
    /// result.</summary>
    public static TheoryData<ConvolutionShape, int, int, int> Cases => new()
    {
        { new(2, 3, 9, 7, 5, 3, 1, 1, 1, 1), 0, 0, 0 },
        { new(1, 16, 6, 6, 33, 1, 1, 1, 0, 0), 3, 0, 0 },
        { new(2, 8, 11, 10, 12, 3, 2, 1, 0, 1), 0, 0, 0 },
        { new(1, 5, 13, 12, 4, 3, 1, 4, 4, 4), 1, 0, 0 },
        { new(1, 40, 19, 17, 70, 3, 2, 2, 2, 2), 0, 0, 0 },
        { new(2, 6, 8, 9, 10, 2, 2, 1, 0, 0), 2, 9, 9 },
        { new(1, 16, 7, 7, 8, 7, 2, 1, 3, 3), 0, 9, 9 },
        { new(2, 8, 5, 6, 24, 3, 1, 1, 1, 1), 4, 9, 0 },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_AnyShape_IsThatOfPlainLoops(ConvolutionShape s, int gap, int operands, int result)
    {
        (CudnnDataType from, CudnnDataType to) = ((CudnnDataType)operands, (CudnnDataType)result);
        double[] x = Random(s.N * s.H * s.W * s.C, 1), w = Random(s.K * s.R * s.R * s.C, 2);
        nint y = Device(Size(to) * s.N * s.P * s.Q * (s.K + gap));
        Run(Configurations(Graph(Operation(CudnnDescriptorType.OperationConvolutionForward, s, gap, from, from, to)), Fallback)[0],
            (1, Upload(Spread(x, s.C, s.C + gap), from)), (2, Upload(w, from)), (3, y));
        Near(Forward(s, x, w), Gather(Download(y, s.N * s.P * s.Q * (s.K + gap), to), s.K, s.K + gap), Tolerance(to));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void BackwardData_AnyShape_IsThatOfPlainLoops(ConvolutionShape s, int gap, int operands, int result)
    {
        CudnnDataType type = (CudnnDataType)operands;
        double[] y = Random(s.N * s.P * s.Q * s.K, 3), w = Random(s.K * s.R * s.R * s.C, 4);
        nint x = Device(Size(type) * s.N * s.H * s.W * (s.C + gap));
        nint graph = Graph(Operation(CudnnDescriptorType.OperationConvolutionBackwardData, s, gap, type, type, type));
        Run(Configurations(graph, Fallback)[0], (1, x), (2, Upload(w, type)), (3, Upload(Spread(y, s.K, s.K + gap), type)));
        Near(BackwardData(s, w, y), Gather(Download(x, s.N * s.H * s.W * (s.C + gap), type), s.C, s.C + gap), Tolerance(type));
        if (result != operands)
            Assert.Equal(3003, Support(Graph(Operation(CudnnDescriptorType.OperationConvolutionBackwardData, s, gap, F32, type, type))));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void BackwardFilter_AnyShape_IsThatOfPlainLoops(ConvolutionShape s, int gap, int operands, int result)
    {
        (CudnnDataType from, CudnnDataType to) = ((CudnnDataType)operands, (CudnnDataType)result);
        double[] x = Random(s.N * s.H * s.W * s.C, 5), y = Random(s.N * s.P * s.Q * s.K, 6);
        nint w = Device(Size(to) * s.K * s.R * s.R * s.C);
        nint graph = Graph(Operation(CudnnDescriptorType.OperationConvolutionBackwardFilter, s, gap, from, to, from));
        Run(Configurations(graph, Fallback)[0],
            (1, Upload(Spread(x, s.C, s.C + gap), from)), (2, w), (3, Upload(Spread(y, s.K, s.K + gap), from)));
        Near(BackwardFilter(s, x, y), Download(w, s.K * s.R * s.R * s.C, to), Tolerance(to));
    }

    [Fact]
    public void Channels_BetweenPixels_AreLeftAlone()
    {
        ConvolutionShape s = new(1, 3, 4, 4, 2, 3, 1, 1, 1, 1);
        double[] around = Spread(new double[16 * 2], 2, 5, 7);
        nint y = Upload(around, F32), graph = Graph(Operation(CudnnDescriptorType.OperationConvolutionForward, s, 3, F32, F32, F32));
        Run(Configurations(graph, Fallback)[0], (1, Upload(new double[16 * 6], F32)), (2, Upload(Random(54, 1), F32)), (3, y));
        Assert.Equal(around, Download(y, 80, F32));
    }

    [Fact]
    public void AlphaAndBeta_OfASingleConvolution_ScaleAndAdd()
    {
        ConvolutionShape s = new(1, 4, 5, 5, 3, 3, 1, 1, 1, 1);
        double[] x = Random(100, 1), w = Random(108, 2), before = Random(75, 3);
        nint y = Upload(before, F32);
        nint operation = Final(ConvolutionDraft(
            CudnnDescriptorType.OperationConvolutionForward, s, Tensor(1, F32, [1, 4, 5, 5]), Tensor(2, F32, [3, 4, 3, 3]),
            Tensor(3, F32, [1, 3, 5, 5]), 0.5f, 2));
        Run(Configurations(Graph(operation), Fallback)[0], (1, Upload(x, F32)), (2, Upload(w, F32)), (3, y));
        Near([.. Forward(s, x, w).Zip(before, (n, o) => 0.5 * n + 2 * o)], Download(y, 75, F32), FloatTolerance);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(9)]
    public void Forward_FusedWithResidualInPlaceBiasAndRelu_IsOneRounding(int type)
    {
        CudnnDataType t = (CudnnDataType)type;
        ConvolutionShape s = new(2, 8, 6, 5, 6, 3, 1, 1, 1, 1);
        double[] x = Random(480, 1), w = Random(432, 2), z = Random(360, 3), bias = Random(6, 4);
        nint convolved = Tensor(10, F32, [2, 6, 6, 5], isVirtual: true), added = Tensor(11, F32, [2, 6, 6, 5], isVirtual: true);
        nint biased = Tensor(12, F32, [2, 6, 6, 5], isVirtual: true);
        nint convolution = Final(ConvolutionDraft(
            CudnnDescriptorType.OperationConvolutionForward, s, Tensor(1, t, [2, 8, 6, 5], alignment: 16),
            Tensor(2, t, [6, 8, 3, 3], alignment: 16), convolved));
        nint graph = Graph(
            Relu(biased, Tensor(5, t, [2, 6, 6, 5], alignment: 16)),
            convolution,
            Add(convolved, Tensor(3, t, [2, 6, 6, 5], alignment: 16), added),
            Add(added, Tensor(4, F32, [1, 6, 1, 1]), biased));
        double[] expected = [.. Forward(s, x, w).Select((v, i) => Math.Max(v + z[i] + bias[i % 6], 0))];
        foreach (nint configuration in (nint[])[.. Configurations(graph, ModeA)[1..], .. Configurations(graph, Fallback)])
        {
            nint place = Upload(z, t);
            Run(configuration, (1, Upload(x, t)), (2, Upload(w, t)), (3, place), (4, Upload(bias, F32)), (5, place));
            Near(expected, Download(place, 360, t), t == F32 ? TensorFloatTolerance : HalfTolerance);
        }

        Assert.Equal(3, Emulator.CudnnRuns(-1));
        Assert.Equal(1, Emulator.CudnnRuns(21));
    }

    [Fact]
    public void BackwardData_FusedWithBiasAndRelu_IsATransposedConvolution()
    {
        ConvolutionShape s = new(1, 6, 7, 7, 4, 3, 1, 1, 1, 1);
        double[] y = Random(196, 1), w = Random(216, 2), bias = Random(6, 3);
        nint result = Device(2 * 294);
        Run(Configurations(TransposedGraph(s, Bf16), ModeA)[1], (3, Upload(y, Bf16)), (2, Upload(w, Bf16)), (4, Upload(bias, F32)),
            (1, result));
        Near([.. BackwardData(s, w, y).Select((v, i) => Math.Max(v + bias[i % 6], 0))], Download(result, 294, Bf16), HalfTolerance);
    }

    [Theory]
    [InlineData(2, 9, 0)]
    [InlineData(1, 0, 3003)]
    [InlineData(1, 9, 0)]
    public void BackwardData_Fused_IsForSixteenBitsAlone(int stride, int type, int status) =>
        Assert.Equal(status, Support(TransposedGraph(new(1, 6, 8, 8, 4, 2, stride, 1, 0, stride == 1 ? 1 : 0), (CudnnDataType)type)));

    /// <summary>As cuDNN 9.19 does on compute capability 9.0.</summary>
    [Theory]
    [InlineData(6, 16, 0, 3002)]
    [InlineData(16, 3, 0, 3002)]
    [InlineData(6, 16, 9, 0)]
    [InlineData(16, 8, 0, 0)]
    public void BackwardFilter_OfSixteenBits_IsFloat32ForChannelsByEights(int c, int k, int result, int status)
    {
        ConvolutionShape s = new(1, c, 6, 6, k, 3, 1, 1, 1, 1);
        Assert.Equal(status, Support(Graph(
            Operation(CudnnDescriptorType.OperationConvolutionBackwardFilter, s, 0, Bf16, (CudnnDataType)result, Bf16))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void TensorCores_WithFloats_RoundTheirInputs(bool halves)
    {
        CudnnDataType type = halves ? Bf16 : F32;
        ConvolutionShape s = new(1, 16, 6, 6, 8, 3, 1, 1, 1, 1);
        System.Random random = new(5);
        double[] x = [.. Enumerable.Range(0, 576).Select(_ => (double)(float)random.NextDouble())], w = Random(1152, 2);
        double[] given = halves ? [.. x.Select(Round)] : x;
        nint graph = Graph(Operation(CudnnDescriptorType.OperationConvolutionForward, s, 0, type, type, F32));
        nint[] found = Configurations(graph, ModeA);
        Assert.Equal([0], NotesOf(found[1]));
        nint y = Device(4 * 288);
        Run(found[1], (1, Upload(given, type)), (2, Upload(w, type)), (3, y));
        Assert.Equal(!halves, Distance(Forward(s, given, w), Download(y, 288, F32)) > 20 * FloatTolerance);
        Near(Forward(s, given, w), Download(y, 288, F32), TensorFloatTolerance);
    }

    [Theory]
    [InlineData((int)CudnnDescriptorType.OperationConvolutionBackwardData)]
    [InlineData((int)CudnnDescriptorType.OperationConvolutionBackwardFilter)]
    public void NondeterministicEngine_RunTwice_DiffersByRoundings(int kind)
    {
        ConvolutionShape s = new(1, 16, 6, 6, 16, 3, 1, 1, 1, 1);
        bool data = kind == (int)CudnnDescriptorType.OperationConvolutionBackwardData;
        double[] left = Random(576, 1), right = Random(data ? 2304 : 576, 2);
        nint[] all = [.. Configurations(Graph(Operation((CudnnDescriptorType)kind, s, 0, F32, F32, F32)), ModeA)];
        nint[] exact = Configurations(Graph(Operation((CudnnDescriptorType)kind, s, 0, F32, F32, F32)), Fallback);
        Assert.Equal([4], NotesOf(all[2]));
        Assert.Empty(NotesOf(exact[0]));
        double[][] results = [.. new[] { all[2], all[2], exact[0], exact[0] }.Select(c => Result(c))];
        Assert.NotEqual(results[0], results[1]);
        Assert.Equal(results[2], results[3]);
        Near(results[2], results[0], FloatTolerance);

        double[] Result(nint configuration)
        {
            int count = data ? 576 : 2304;
            nint to = Device(4 * count);
            Run(configuration, (1, data ? to : Upload(left, F32)), (2, data ? Upload(right, F32) : to),
                (3, Upload(data ? left : right, F32)));
            return Download(to, count, F32);
        }
    }

    private static int Size(CudnnDataType type) => type == F32 ? 4 : 2;

    private static double Tolerance(CudnnDataType type) => type == F32 ? FloatTolerance : HalfTolerance;

    private static nint Upload(double[] values, CudnnDataType type) =>
        type == F32 ? Device<float>(Floats(values)) : Device<ushort>(Halves(values));

    private double[] Download(nint address, int count, CudnnDataType type) =>
        type == F32 ? [.. Read<float>(address, count).Select(v => (double)v)] : Widen(Read<ushort>(address, count));

    private static nint Operation(CudnnDescriptorType kind, ConvolutionShape s, int gap, CudnnDataType forX, CudnnDataType forW,
        CudnnDataType forY) =>
        Final(ConvolutionDraft(
            kind, s, Tensor(1, forX, [s.N, s.C, s.H, s.W], s.C + gap), Tensor(2, forW, [s.K, s.C, s.R, s.R]),
            Tensor(3, forY, [s.N, s.K, s.P, s.Q], s.K + gap)));

    private nint TransposedGraph(ConvolutionShape s, CudnnDataType type)
    {
        int[] large = [s.N, s.C, s.H, s.W];
        nint convolved = Tensor(10, F32, large, isVirtual: true), biased = Tensor(11, F32, large, isVirtual: true);
        nint convolution = Final(ConvolutionDraft(
            CudnnDescriptorType.OperationConvolutionBackwardData, s, convolved, Tensor(2, type, [s.K, s.C, s.R, s.R], alignment: 16),
            Tensor(3, type, [s.N, s.K, s.P, s.Q], alignment: 16)));
        return Graph(
            convolution, Add(convolved, Tensor(4, F32, [1, s.C, 1, 1]), biased), Relu(biased, Tensor(1, type, large, alignment: 16)));
    }
}
