using System.Runtime.InteropServices;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Layout;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda.Memory;
using Sunet.Native.Tests.Backends.Cuda.Ops;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Backends.Cuda.Algorithms;

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
        using var backend = new CudaBackend(0, new CudaOptions { Precision = isBf16 ? Precision.Bf16 : Precision.Float32 });
        (Graph graph, Op op) = CudaConvolutionTests.ConvolutionGraph();
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        float[]? expected = null;
        var descriptions = new List<string>();
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(problem, new AlgorithmSearch(session.Run, op)))
        {
            using CudaAlgorithm? algorithm = candidate.Build();
            if (algorithm is null)
                continue;
            float[] actual = Run(session.Run, problem, algorithm);
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

    [Theory]
    [InlineData(nameof(ConvolutionDirection.Forward), 3, 7, 2)]
    [InlineData(nameof(ConvolutionDirection.Forward), 5, 3, 1)]
    [InlineData(nameof(ConvolutionDirection.Weights), 3, 7, 2)]
    [InlineData(nameof(ConvolutionDirection.Weights), 1, 5, 3)]
    public void Run_UnfoldedImages_GivesTheSame(string kind, int channels, int kernel, int stride)
    {
        ConvolutionProblem problem = ImageProblem(Enum.Parse<ConvolutionDirection>(kind), channels, kernel, stride);
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16 });
        (Graph graph, Op op) = CudaConvolutionTests.ConvolutionGraph();
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        double[]? expected = null;
        var search = new AlgorithmSearch(session.Run, op);
        var built = new List<bool>();
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(problem, search))
        {
            using CudaAlgorithm? algorithm = candidate.Build();
            if (algorithm is null)
                continue;
            built.Add(candidate.Identity.StartsWith("unfolded ", StringComparison.Ordinal));
            AssertSame(algorithm);
        }

        Assert.True(built[0], "The first algorithm does not unfold.");
        Assert.False(built[^1], "There was nothing to compare with.");

        // The images one by one, two by two and all at once.
        long image = UnfoldedConvolution.Of(problem)!.Part.X.ImageBytes;
        foreach ((long bytes, int parts) in new[] { (1L, 4), (image * 3, 2), (image * 4, 1) })
        {
            UnfoldedConvolution unfolding = UnfoldedConvolution.Of(problem, bytes)!;
            Assert.Equal(problem.Direction == ConvolutionDirection.Weights ? 1 : parts, unfolding.Parts);
            using var algorithm = new UnfoldStep(First(ConvolutionCandidates.For(unfolding.Part, search)), unfolding);
            AssertSame(algorithm);
        }

        void AssertSame(CudaAlgorithm algorithm)
        {
            double[] actual = Array.ConvertAll(Run(session.Run, problem, algorithm), v => (double)v);
            Assert.Contains(actual, v => v != 0);
            expected ??= actual;
            double error = OpComparison.Error(actual, expected);
            Assert.True(error <= 1e-2, $"{algorithm.Description}: {error:E2}.");
        }
    }

    [Fact]
    public void Candidates_OfAnUnfoldedImageBeyondTheWorkspaceLimit_AreRefused()
    {
        ConvolutionProblem problem = ImageProblem(ConvolutionDirection.Forward, 3, 7, 2);
        long bytes = UnfoldedConvolution.Of(problem)!.Part.X.Bytes;
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16, WorkspaceLimitBytes = bytes });
        (Graph graph, Op op) = CudaConvolutionTests.ConvolutionGraph();
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        var search = new AlgorithmSearch(session.Run, op);
        var refusals = new List<string>();
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(problem, search))
        {
            if (!candidate.Identity.StartsWith("unfolded ", StringComparison.Ordinal))
                break;
            Assert.Null(candidate.Build());
            refusals.Add(search.LastRefusal!);
        }

        Assert.Contains(refusals,
            r => r.StartsWith("unfolded ", StringComparison.Ordinal) && r.EndsWith("of workspace", StringComparison.Ordinal));
        using CudaAlgorithm direct = First(ConvolutionCandidates.For(problem, search));
        Assert.DoesNotContain("unfold", direct.Description, StringComparison.Ordinal);
    }

    /// <summary>The first of them that can be built, which is only possible before the next is asked for.</summary>
    private static CudaAlgorithm First(IEnumerable<CudaCandidate> candidates)
    {
        foreach (CudaCandidate candidate in candidates)
        {
            if (candidate.Build() is { } algorithm)
                return algorithm;
        }

        throw new InvalidOperationException("There is none.");
    }

    /// <summary>Four images of few channels, of a size that no stride divides.</summary>
    private static ConvolutionProblem ImageProblem(ConvolutionDirection direction, int channels, int kernel, int stride)
    {
        bool forward = direction == ConvolutionDirection.Forward;
        ConvolutionGeometry geometry = ConvolutionGeometry.Square(stride, padding: kernel / 2);
        Shape x = new(4, channels, 17, 22), w = new(16, channels, kernel, kernel);
        (int height, int width) = geometry.OutputSize(x.Height, x.Width, kernel, kernel);
        return new ConvolutionProblem(direction, TensorLayout.Packed(true, x), TensorLayout.Packed(forward, w),
            TensorLayout.Packed(true, new Shape(4, 16, height, width)), geometry)
        {
            HasBias = forward,
            FusedRelu = forward,
        };
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
    private static float[] Run(CudaRun run, ConvolutionProblem problem, CudaAlgorithm algorithm)
    {
        bool[] bf16 = [problem.X.IsBf16, problem.W.IsBf16, problem.Y.IsBf16, false];
        long[] sizes = [.. problem.OperandBytes, algorithm.WorkspaceBytes];
        List<DeviceBlock> blocks = [.. sizes.Select(s => run.Pool.Allocate(Math.Max(16, s), run.Stream))];
        try
        {
            for (int i = 0; i < bf16.Length; i++)
                DeviceMemory.Write(run.Device, blocks[i].Address, Elements(i, sizes[i], bf16[i]), run.Stream);
            nint[] operands = [.. blocks.Take(bf16.Length).Select(b => b.Address)];
            using CudaBoundAlgorithm bound = algorithm.Bind(run, operands, blocks[^1].Address, "test");
            bound.Run();
            int result = problem.ResultOperand;
            using PinnedBuffer host = PinnedBuffer.Create(run.Device, sizes[result]);
            run.Stream.CopyToHost(host.Address, blocks[result].Address, sizes[result]);
            run.Stream.Synchronize();
            return bf16[result]
                ? [.. MemoryMarshal.Cast<byte, ushort>(host.Span).ToArray().Select(v => BitConverter.Int32BitsToSingle(v << 16))]
                : MemoryMarshal.Cast<byte, float>(host.Span).ToArray();
        }
        finally
        {
            blocks.ForEach(b => run.Pool.Free(b, run.Stream));
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
