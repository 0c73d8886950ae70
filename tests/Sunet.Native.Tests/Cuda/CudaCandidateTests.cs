using System.Runtime.InteropServices;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Tests.Cuda;

/// <summary>Every candidate for a convolution gives the same, whichever of them a search would take.</summary>
public class CudaCandidateTests(ITestOutputHelper output) : EmulatorTest
{
    public static TheoryData<string, int, bool> Cases { get; } = new(
        from kind in Enum.GetNames<ConvolutionDirection>()
        from kernel in (int[])[1, 3]
        from isBf16 in (bool[])[false, true]
        select (kind, kernel, isBf16));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Run_AnyCandidate_GivesTheSame(string kind, int kernel, bool isBf16)
    {
        ConvolutionProblem problem = Problem(Enum.Parse<ConvolutionDirection>(kind), kernel, isBf16);
        using var backend = new CudaBackend(0, new CudaOptions { Precision = isBf16 ? CudaPrecision.Bf16 : CudaPrecision.Float32 });
        (Graph graph, Op op) = CudaConvolutionTests.ConvolutionGraph();
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using CudaDevice.Scope current = backend.Device.Use();
        float[]? expected = null;
        var descriptions = new List<string>();
        foreach (CudaCandidate candidate in problem.Candidates(new CudaSearch(session, op)))
        {
            using CudaAlgorithm? algorithm = candidate.Build();
            if (algorithm is null)
                continue;
            float[] actual = Run(session, problem, algorithm);
            Assert.Contains(actual, v => v != 0);
            expected ??= actual;
            double error = OpComparison.Error(Array.ConvertAll(actual, v => (double)v), Array.ConvertAll(expected, v => (double)v));
            Assert.True(error <= (isBf16 ? 1e-2 : 1e-6), $"{algorithm.Description}: {error:E2}.");
            descriptions.Add(algorithm.Description);
        }

        output.WriteLine(string.Join("; ", descriptions));
        Assert.True(descriptions.Count > 1, "There was only one candidate, so there was nothing to compare.");
        bool fuses = problem.Direction == ConvolutionDirection.Forward || (problem.Direction == ConvolutionDirection.Data && isBf16);
        AssertHas(fuses, "cudnn fused engine");
        AssertHas(problem.HasEpilogue, "+ bias_relu");
        AssertHas(problem.IsPointwise, "cublasLt algo");
        AssertHas(problem.Direction == ConvolutionDirection.Weights && isBf16, "+ widen");

        void AssertHas(bool wanted, string part) =>
            Assert.Equal(wanted, descriptions.Exists(d => d.Contains(part, StringComparison.Ordinal)));
    }

    /// <summary>x within a wider tensor; with bias, sum and ReLU as far as the direction has them.</summary>
    private static ConvolutionProblem Problem(ConvolutionDirection direction, int kernel, bool isBf16)
    {
        bool forward = direction == ConvolutionDirection.Forward, weights = direction == ConvolutionDirection.Weights;
        return new ConvolutionProblem(direction, TensorLayout.Packed(isBf16, new Shape(2, 16, 9, 7)) with { PixelStride = 40 },
            TensorLayout.Packed(isBf16 && !weights, new Shape(24, 16, kernel, kernel)), TensorLayout.Packed(isBf16, new Shape(2, 24, 9, 7)),
            ConvolutionGeometry.Square(padding: kernel / 2))
        {
            HasBias = !weights,
            FusedRelu = !weights,
            Accumulates = forward,
        };
    }

    /// <summary>Runs an algorithm on operands that are always the same and gives all that lies where the result is.</summary>
    private static float[] Run(CudaSession session, ConvolutionProblem problem, CudaAlgorithm algorithm)
    {
        bool[] bf16 = [problem.X.IsBf16, problem.W.IsBf16, problem.Y.IsBf16, false];
        long[] sizes = [.. problem.OperandBytes, algorithm.WorkspaceBytes];
        List<DeviceBlock> blocks = [.. sizes.Select(s => session.Device.Pool.Allocate(Math.Max(16, s), session.Stream))];
        try
        {
            for (int i = 0; i < bf16.Length; i++)
                session.UploadBytes(Elements(i, sizes[i], bf16[i]), blocks[i].Address);
            nint[] operands = [.. blocks.Take(bf16.Length).Select(b => b.Address)];
            using CudaBoundAlgorithm bound = algorithm.Bind(session, operands, blocks[^1].Address, "test");
            bound.Run();
            int result = problem.ResultOperand;
            using PinnedBuffer host = PinnedBuffer.Create(session.Device, sizes[result]);
            session.CopyToHost(host.Address, blocks[result].Address, sizes[result]);
            session.Stream.Synchronize();
            return bf16[result]
                ? [.. MemoryMarshal.Cast<byte, ushort>(host.Span).ToArray().Select(v => BitConverter.Int32BitsToSingle(v << 16))]
                : MemoryMarshal.Cast<byte, float>(host.Span).ToArray();
        }
        finally
        {
            blocks.ForEach(b => session.Device.Pool.Free(b, session.Stream));
        }
    }

    /// <summary>Multiples of 1/8 between -1 and 1, which bf16 holds.</summary>
    private static byte[] Elements(int operand, long bytes, bool isBf16)
    {
        double[] units = Fill.Unit($"operand {operand}", bytes / (isBf16 ? sizeof(ushort) : sizeof(float)));
        float[] values = Array.ConvertAll(units, u => (float)((Math.Floor(17 * u) / 8) - 1));
        return isBf16
            ? MemoryMarshal.AsBytes<ushort>(Array.ConvertAll(values, v => (ushort)(BitConverter.SingleToInt32Bits(v) >> 16))).ToArray()
            : MemoryMarshal.AsBytes<float>(values).ToArray();
    }
}
