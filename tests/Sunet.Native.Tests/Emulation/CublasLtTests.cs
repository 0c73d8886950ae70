using System.Runtime.InteropServices;
using Sunet.Native.Tests.Backends.Cuda;
using static Sunet.Native.Tests.Emulation.Images;

namespace Sunet.Native.Tests.Emulation;

/// <summary>The emulated matrix products compute what plain loops compute, and refuse what cuBLASLt refuses.</summary>
public sealed unsafe class CublasLtTests : DriverTest
{
    private const double FloatTolerance = 2e-6;
    private const CudaDataType F32 = CudaDataType.Float32;
    private const CudaDataType Bf16 = CudaDataType.BFloat16;
    private readonly nint handle;

    public CublasLtTests()
    {
        Good(Libraries.LtCreate(out nint created));
        handle = created;
    }

    /// <summary>m, n, k, transpositions, distance beyond the rows, types of the operands and of D, epilogue and beta.</summary>
    public static TheoryData<int, int, int, bool, bool, int, int, int, int, float> Cases => new()
    {
        { 7, 300, 19, true, false, 0, 0, 0, 1, 0 },
        { 33, 5, 600, false, true, 3, 0, 0, 4, 1 },
        { 16, 17, 18, false, false, 5, 0, 0, 6, 0.5f },
        { 16, 17, 18, true, true, 1, 0, 0, 2, 0 },
        { 24, 40, 64, true, false, 8, 14, 14, 6, 1 },
        { 24, 40, 64, true, false, 0, 14, 0, 1, 0 },
    };

    public static TheoryData<string, int, string> WrongCalls => new()
    {
        { "short workspace", 7, "bytes of workspace and is given 16" },
        { "leading dimension", 7, "the leading dimension 3 of A is less" },
        { "extents", 7, "do not go together" },
        { "misaligned", 7, "is not aligned to the 256 bytes" },
        { "past the end", 7, "past the end of the allocation" },
        { "null", 7, "B is null" },
        { "other problem's algorithm", 7, "chosen for another problem" },
        { "own algorithm", 7, "is not one that cublasLtMatmulAlgoGetHeuristic gave" },
        { "D over A", 7, "D overlaps A" },
        { "D over C", 7, "not in its place" },
        { "layout for a descriptor", 7, "a matrix layout where a matmul descriptor belongs" },
        { "no alpha", 7, "alpha is null" },
        { "destroyed handle", 1, "the cuBLASLt handle" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Matmul_AnyProblem_IsThatOfPlainLoops(
        int m, int n, int k, bool transposeA, bool transposeB, int gap, int operands, int result, int epilogue, float beta)
    {
        (CudaDataType from, CudaDataType to) = ((CudaDataType)operands, (CudaDataType)result);
        double[] a = Random(m * k, 1), b = Random(k * n, 2), c = Random(m * n, 3), bias = Random(m, 4), expected = new double[m * n];
        for (int j = 0; j < n; j++)
        {
            for (int i = 0; i < m; i++)
            {
                double sum = beta * c[j * m + i] + ((epilogue & 4) != 0 ? bias[i] : 0);
                for (int l = 0; l < k; l++)
                    sum += 0.5 * a[transposeA ? i * k + l : l * m + i] * b[transposeB ? l * n + j : j * k + l];
                expected[j * m + i] = (epilogue & 2) != 0 ? Math.Max(sum, 0) : sum;
            }
        }

        (int rowsA, int rowsB) = (transposeA ? k : m, transposeB ? n : k);
        nint descriptor = Descriptor(transposeA, transposeB, (CublasLtEpilogue)epilogue, Upload(bias, to));
        nint forA = Layout(from, rowsA, m * k / rowsA, rowsA + gap), forB = Layout(from, rowsB, n * k / rowsB, rowsB + gap),
            forD = Layout(to, m, n, m + gap);
        CublasLtHeuristicResult[] found = Algorithms(descriptor, forA, forB, forD, 1 << 20, 8);
        Assert.Equal(3, found.Length);
        foreach (CublasLtHeuristicResult choice in found)
        {
            nint d = Upload(Spread(c, m, m + gap), to);
            Good(Multiply(
                descriptor, Upload(Spread(a, rowsA, rowsA + gap), from), forA, Upload(Spread(b, rowsB, rowsB + gap), from), forB, beta, d,
                forD, choice, Device(1 << 20), 1 << 20));
            double[] all = Download(d, n * (m + gap), to);
            Near(expected, Gather(all, m, m + gap), to == F32 ? FloatTolerance : 5e-3);
            Assert.All(all.Where((_, i) => i % (m + gap) >= m), v => Assert.Equal(1e30, v, 1e28));
        }
    }

    [Fact]
    public void FastTf32_RoundsItsInputs()
    {
        System.Random random = new(1);
        double[] a = [.. Enumerable.Range(0, 64).Select(_ => (double)(float)random.NextDouble())];
        double exact = a.Sum();
        double[] ones = [.. Enumerable.Repeat(1.0, 64)];
        Assert.InRange(Math.Abs(Dot(CublasComputeType.Float32) / exact - 1), 0, FloatTolerance);
        Assert.InRange(Math.Abs(Dot(CublasComputeType.Float32FastTf32) / exact - 1), 1e-6, 1e-3);

        double Dot(CublasComputeType compute)
        {
            nint descriptor = Descriptor(true, false, CublasLtEpilogue.Default, 0, compute), vector = Layout(F32, 64, 1, 64), d = Device(4);
            nint one = Layout(F32, 1, 1, 1);
            Good(Multiply(descriptor, Upload(a, F32), vector, Upload(ones, F32), vector, 0, d, one,
                Algorithms(descriptor, vector, vector, one, 0, 1)[0], 0, 0, 1));
            return Download(d, 1, F32)[0];
        }
    }

    [Fact]
    public void Heuristic_Preference_LimitsWorkspaceAndReduction()
    {
        nint descriptor = Descriptor(false, false, CublasLtEpilogue.Default, 0), square = Layout(F32, 8, 8, 8);
        Assert.Equal([512u, 0, 0], Algorithms(descriptor, square, square, square, 512, 8).Select(r => (uint)r.WorkspaceBytes));
        Assert.Equal(2, Algorithms(descriptor, square, square, square, 511, 8).Length);
        Assert.Single(Algorithms(descriptor, square, square, square, 512, 1));
        Assert.Single(Algorithms(descriptor, square, square, square, 0, 8, 2));
    }

    [Fact]
    public void ReductionInPlace_RunTwice_DiffersByRoundings()
    {
        nint descriptor = Descriptor(false, false, CublasLtEpilogue.Default, 0), square = Layout(F32, 16, 16, 16);
        CublasLtHeuristicResult[] found = Algorithms(descriptor, square, square, square, 0, 8);
        double[] a = Random(256, 1), b = Random(256, 2);
        double[][] results = [.. new[] { found[0], found[0], found[1], found[1] }.Select(f =>
        {
            nint d = Device(1024);
            Good(Multiply(descriptor, Upload(a, F32), square, Upload(b, F32), square, 0, d, square, f, 0, 0));
            return Download(d, 256, F32);
        })];
        Assert.Equal(results[0], results[1]);
        Assert.NotEqual(results[2], results[3]);
        Near(results[0], results[2], FloatTolerance);
    }

    [Theory]
    [InlineData((int)CublasComputeType.Float32FastTf32, 14, 14, 1)]
    [InlineData((int)CublasComputeType.Float32, 0, 14, 1)]
    [InlineData(64, 0, 0, 1)]
    [InlineData((int)CublasComputeType.Float32, 0, 0, 130)]
    public void Heuristic_UnsupportedProblem_SaysSoWithoutBlame(int compute, int operands, int result, int epilogue)
    {
        nint descriptor = Descriptor(false, false, (CublasLtEpilogue)epilogue, 0, (CublasComputeType)compute);
        nint from = Layout((CudaDataType)operands, 8, 8, 8), to = Layout((CudaDataType)result, 8, 8, 8), preference = Preference(0);
        CublasLtHeuristicResult found;
        Assert.Equal(CublasResult.NotSupported, Libraries.LtHeuristic(handle, descriptor, from, from, to, to, preference, 1, &found,
            out int count));
        Assert.Equal(0, count);
    }

    [Theory]
    [MemberData(nameof(WrongCalls))]
    public void Matmul_Wrongly_IsCaught(string mistake, int status, string text)
    {
        nint descriptor = Descriptor(false, false, CublasLtEpilogue.Default, 0), square = Layout(F32, 8, 8, 8);
        nint narrow = Layout(F32, 8, 8, 3);
        nint a = Upload(Random(64, 1), F32), b = Upload(Random(64, 2), F32), d = Upload(Random(64, 3), F32), space = Device(4096),
            large = Device(1024);
        CublasLtHeuristicResult[] found = Algorithms(descriptor, square, square, square, 4096, 8);
        CublasLtHeuristicResult hungry = found[0], plain = found[1], foreign = default;
        Assert.Equal((CublasResult)status, mistake switch
        {
            "short workspace" => Multiply(descriptor, a, square, b, square, 0, d, square, hungry, space, 16),
            "leading dimension" => Multiply(descriptor, a, narrow, b, square, 0, d, square, plain, 0, 0),
            "extents" => Multiply(descriptor, a, Layout(F32, 8, 4, 8), b, square, 0, d, square, plain, 0, 0),
            "misaligned" => Multiply(descriptor, large + 16, square, b, square, 0, d, square, plain, 0, 0),
            "past the end" => Multiply(descriptor, a, square, b, square, 0, d, Layout(F32, 8, 8, 64),
                Algorithms(descriptor, square, square, Layout(F32, 8, 8, 64), 0, 1)[0], 0, 0),
            "null" => Multiply(descriptor, a, square, 0, square, 0, d, square, plain, 0, 0),
            "other problem's algorithm" => Multiply(Descriptor(true, false, CublasLtEpilogue.Default, 0), a, square, b, square, 0, d,
                square, plain, 0, 0),
            "own algorithm" => Multiply(descriptor, a, square, b, square, 0, d, square, foreign, 0, 0),
            "D over A" => Multiply(descriptor, a, square, b, square, 0, a, square, plain, 0, 0),
            "D over C" => AccumulateAcross(large, descriptor, square, a, b),
            "layout for a descriptor" => Multiply(square, a, square, b, square, 0, d, square, plain, 0, 0),
            "no alpha" => Libraries.LtMatmul(handle, descriptor, null, a, square, b, square, null, d, square, d, square, null, 0, 0,
                Stream),
            _ => WithoutHandle(descriptor, a, b, d, square, plain),
        });
        Caught(text);
    }

    [Fact]
    public void Attributes_OfWrongSizeOrName_AreCaught()
    {
        nint descriptor = Descriptor(false, false, CublasLtEpilogue.Default, 0), layout = Layout(F32, 8, 8, 8), preference = Preference(0);
        long value = 0;
        Assert.Equal(CublasResult.InvalidValue, Libraries.LtMatmulSet(descriptor, CublasLtMatmulAttribute.Epilogue, &value, 8));
        Caught("has 4 bytes, not 8");
        Assert.Equal(CublasResult.InvalidValue, Libraries.LtLayoutSet(layout, (CublasLtLayoutAttribute)77, &value, 8));
        Caught("no attribute 77");
        Assert.Equal(CublasResult.InvalidValue, Libraries.LtPreferenceSet(preference, CublasLtPreferenceAttribute.MaxWorkspaceBytes, null,
            8));
        Caught("is null");
        Assert.Equal(3, Emulator.Outstanding(EmulatedKind.CublasLtDescriptors));
        Good(Libraries.LtMatmulDestroy(descriptor));
        Good(Libraries.LtLayoutDestroy(layout));
        Assert.Equal(CublasResult.InvalidValue, Libraries.LtLayoutDestroy(preference));
        Caught("a matmul preference where a matrix layout belongs");
        Good(Libraries.LtPreferenceDestroy(preference));
        Assert.Equal(0, Emulator.Outstanding(EmulatedKind.CublasLtDescriptors));
        Good(Libraries.LtDestroy(handle));
        Assert.Equal(CublasResult.NotInitialized, Libraries.LtDestroy(handle));
        Caught("has been destroyed");
    }

    [Fact]
    public void VersionsAndTexts_AreAsTheLibraryAnswersThem()
    {
        Assert.Equal(130100u, Libraries.LtGetVersion());
        Assert.Equal("CUBLAS_STATUS_NOT_SUPPORTED", Marshal.PtrToStringUTF8(Libraries.LtGetStatusName(15)));
        Assert.Equal("the functionality requested is not supported", Marshal.PtrToStringUTF8(Libraries.LtGetStatusString(15)));
        Emulator.FailCall(1, 1);
        Assert.Equal(CublasResult.AllocationFailed, Libraries.LtCreate(out _));
        Assert.Equal(CublasResult.ExecutionFailed, Libraries.LtMatmul(handle, 0, null, 0, 0, 0, 0, null, 0, 0, 0, 0, null, 0, 0, Stream));
    }

    private static void Good(CublasResult result) => Assert.Equal(CublasResult.Success, result);

    private static nint Upload(double[] values, CudaDataType type) =>
        type == F32 ? Device<float>(Floats(values)) : Device<ushort>(Halves(values));

    private double[] Download(nint address, int count, CudaDataType type) =>
        type == F32 ? [.. Read<float>(address, count).Select(v => (double)v)] : Widen(Read<ushort>(address, count));

    private static nint Descriptor(
        bool transposeA, bool transposeB, CublasLtEpilogue epilogue, nint bias, CublasComputeType compute = CublasComputeType.Float32)
    {
        Good(Libraries.LtMatmulCreate(out nint descriptor, compute, F32));
        (int forA, int forB) = (transposeA ? 1 : 0, transposeB ? 1 : 0);
        Good(Libraries.LtMatmulSet(descriptor, CublasLtMatmulAttribute.TransposeA, &forA, 4));
        Good(Libraries.LtMatmulSet(descriptor, CublasLtMatmulAttribute.TransposeB, &forB, 4));
        Good(Libraries.LtMatmulSet(descriptor, CublasLtMatmulAttribute.Epilogue, &epilogue, 4));
        Good(Libraries.LtMatmulSet(descriptor, CublasLtMatmulAttribute.BiasPointer, &bias, 8));
        return descriptor;
    }

    private static nint Layout(CudaDataType type, int rows, int columns, int leading)
    {
        Good(Libraries.LtLayoutCreate(out nint layout, type, (ulong)rows, (ulong)columns, leading));
        return layout;
    }

    private static nint Preference(ulong workspace, uint reductions = 7)
    {
        Good(Libraries.LtPreferenceCreate(out nint preference));
        Good(Libraries.LtPreferenceSet(preference, CublasLtPreferenceAttribute.MaxWorkspaceBytes, &workspace, 8));
        Good(Libraries.LtPreferenceSet(preference, CublasLtPreferenceAttribute.ReductionSchemeMask, &reductions, 4));
        return preference;
    }

    private CublasLtHeuristicResult[] Algorithms(nint descriptor, nint a, nint b, nint d, ulong workspace, int requested,
        uint reductions = 7)
    {
        CublasLtHeuristicResult[] found = new CublasLtHeuristicResult[requested];
        fixed (CublasLtHeuristicResult* first = found)
        {
            Good(Libraries.LtHeuristic(handle, descriptor, a, b, d, d, Preference(workspace, reductions), requested, first, out int count));
            return found[..count];
        }
    }

    private CublasResult Multiply(
        nint descriptor, nint a, nint forA, nint b, nint forB, float beta, nint d, nint forD, CublasLtHeuristicResult choice,
        nint workspace, int workspaceBytes, float alpha = 0.5f) =>
        Libraries.LtMatmul(
            handle, descriptor, &alpha, a, forA, b, forB, &beta, d, forD, d, forD, &choice.Algorithm, workspace, (nuint)workspaceBytes,
            Stream);

    /// <summary>C starts half way into D.</summary>
    private CublasResult AccumulateAcross(nint buffer, nint descriptor, nint square, nint a, nint b)
    {
        float one = 1;
        return Libraries.LtMatmul(
            handle, descriptor, &one, a, square, b, square, &one, buffer, square, buffer + 128, square, null, 0, 0, Stream);
    }

    private CublasResult WithoutHandle(nint descriptor, nint a, nint b, nint d, nint square, CublasLtHeuristicResult choice)
    {
        Good(Libraries.LtDestroy(handle));
        return Multiply(descriptor, a, square, b, square, 0, d, square, choice, 0, 0);
    }
}
