using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Backends.Cuda.Algorithms;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Ops;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda.Ops;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;
using Sunet.Verification;

namespace Sunet.Native.Tests.Backends.Cuda.Algorithms;

/// <summary>How algorithms of cuDNN and cuBLASLt are chosen, shared and given back.</summary>
public class CudaAlgorithmTests : EmulatorTest
{
    [Fact]
    public void Candidates_Deterministic_LeaveOutEnginesThatAreNot()
    {
        string[] all = Candidates(new CudaOptions(), Gradient()), strict = Candidates(new CudaOptions { Deterministic = true }, Gradient());
        Assert.NotEmpty(strict);
        Assert.All(strict, c => Assert.Contains(c, all));
        Assert.True(strict.Length < all.Length, "The emulator offered nothing that is not deterministic, so nothing was shown.");
    }

    [Fact]
    public void Candidates_Float32_LeaveOutEnginesThatRoundToTf32()
    {
        string[] all = Candidates(new CudaOptions { Precision = Precision.Tf32 }, Forward());
        string[] strict = Candidates(new CudaOptions { Precision = Precision.Float32 }, Forward());
        Assert.NotEmpty(strict);
        Assert.True(strict.Length < all.Length, "The emulator offered nothing that rounds, so nothing was shown.");
    }

    [Fact]
    public void Candidates_PointwiseConvolution_IncludeMatrixProducts()
    {
        Assert.Contains(Candidates(new CudaOptions(), Forward(kernel: 1)), c => c.StartsWith("cublasLt", StringComparison.Ordinal));
        Assert.DoesNotContain(Candidates(new CudaOptions(), Forward()), c => c.StartsWith("cublasLt", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Get_PrecompiledPreferred_TakesAnEngineThatIsCompiledOnlyWhereThereIsNoOther(bool tune)
    {
        (Graph graph, _) = CudaConvolutionTests.ConvolutionGraph(kernel: 3, fused: true);
        var options = new CudaOptions { PreferPrecompiled = true, TuneAlgorithms = tune };
        Assert.Contains("fused", Chosen(graph, new CudaOptions()), StringComparison.Ordinal);
        Assert.DoesNotContain("fused", Chosen(graph, options), StringComparison.Ordinal);
        Emulator.SetPrecompiled(false);
        if (!tune)
            Assert.Equal(Chosen(graph, new CudaOptions()), Chosen(graph, options));
        using var backend = new CudaBackend(0, options);
        Assert.All(OpComparison.Run(graph, backend, coarse: true).Errors, e => Assert.InRange(e.Error, 0, 1e-5));
    }

    [Fact]
    public void Get_CandidateThatDoesNotFinalize_TakesTheNext()
    {
        using var backend = new CudaBackend();
        (Graph graph, Op op) = Forward();
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        var search = new AlgorithmSearch(session.Run, op);
        var built = new List<bool>();
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(CudaConvolution.ProblemOf(session.Run, op)!, search))
        {
            using CudaAlgorithm? algorithm = candidate.Build();
            built.Add(algorithm is not null);
        }

        Assert.Contains(true, built);
        Assert.Contains(false, built);
        Assert.NotNull(search.LastRefusal);
    }

    [Fact]
    public void Get_WorkspaceLimit_IsKept()
    {
        const long limit = 64;
        (Graph graph, _) = Forward();
        using var narrow = new CudaBackend(0, new CudaOptions { WorkspaceLimitBytes = limit });
        using Plan plan = Plan.Compile(graph, narrow, new PlanOptions());
        Assert.InRange(plan.Calls.Max(c => c.Call.ScratchBytes), 0, limit);
        Assert.True(Candidates(new CudaOptions { WorkspaceLimitBytes = limit }, Forward(), onlyBuilt: true).Length
            < Candidates(new CudaOptions(), Forward(), onlyBuilt: true).Length);
    }

    [Fact]
    public void Get_TypesNoEngineTakes_NamesOpLayerAndShapes()
    {
        // x is bf16 and dy, as the result of a fully connected layer, float32.
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(2, 12, 1, 1));
        Value dy = graph.Add(new Linear("first", x, graph.Parameter("w", new Shape(8, 12)), graph.Parameter("b", new Shape(8)))).Output;
        graph.MarkOutput(graph.Add(new LinearWeightGradient("second", x, dy)).Output);
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16 });
        var failure = Assert.Throws<BackendException>(() => Plan.Compile(graph, backend, new PlanOptions()));
        Assert.Contains("LinearWeightGradient 'second/dw'", failure.Message, StringComparison.Ordinal);
        Assert.Contains("[2, 12, 1, 1] bf16", failure.Message, StringComparison.Ordinal);
        Assert.Equal("second/dw", failure.Layer);
    }

    [Fact]
    public void Get_EqualLayers_AreSearchedOnce()
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(1, 16, 9, 9));
        for (int i = 0; i < 4; i++)
        {
            x = graph.Add(new Convolution($"layer{i}", x, graph.Parameter($"w{i}", new Shape(16, 16, 3, 3)), null,
                ConvolutionGeometry.Square(padding: 1))).Output;
        }

        graph.MarkOutput(x);
        using var backend = new CudaBackend();
        using (Plan.Compile(graph, backend, new PlanOptions()))
            Assert.Equal(1, backend.Choices.Searches);

        // A later plan takes over the handles and all that was made with them: only its addresses are new.
        int before = (int)Emulator.Calls();
        using (Plan.Compile(graph, backend, new PlanOptions()))
            Assert.Equal(4, Emulator.CallNames.Skip(before).Count(n => n == "cudnnBackendFinalize"));

        // Two at once have handles of their own, and the second is told what the first chose.
        using Plan first = Plan.Compile(graph, backend, new PlanOptions()), second = Plan.Compile(graph, backend, new PlanOptions());
        Assert.Equal(1, backend.Choices.Searches);
        Assert.Equal(first.Calls[0].Call.Implementation, second.Calls[0].Call.Implementation);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Bf16)]
    public void GetAll_OnSeveralThreads_ChoosesWhatOneThreadDoes(Precision precision)
    {
        string[][] chosen = [.. new[] { 1, 4 }.Select(threads =>
        {
            Emulator.Reset();
            using var backend = new CudaBackend(0, new CudaOptions { Precision = precision, CompileThreads = threads });
            using FixedBatches batches = SmallModel.Batches();
            using Trainer trainer = SmallModel.Trainer(batches, backend);
            double loss = trainer.Step().Loss;
            Assert.Equal(threads == 1 ? 1 : 1 + threads, Emulator.CallNames.Count(n => n == "cudnnCreate"));
            return trainer.Plan.Calls.Select(c => c.Call.Implementation).Append($"loss {loss:R}").ToArray();
        })];
        Assert.Equal(chosen[0], chosen[1]);
    }

    [Fact]
    public void GetAll_NoLibraryHasOneOfMany_NamesItAndLeavesNothing()
    {
        (Graph graph, _) = Forward();
        Value x = graph.Input("rows", new Shape(2, 12, 1, 1));
        Value dy = graph.Add(new Linear("first", x, graph.Parameter("fw", new Shape(8, 12)), graph.Parameter("fb", new Shape(8)))).Output;
        graph.MarkOutput(graph.Add(new LinearWeightGradient("second", x, dy)).Output);
        using (var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16, CompileThreads = 3 }))
        {
            var failure = Assert.Throws<BackendException>(() => Plan.Compile(graph, backend, new PlanOptions()));
            Assert.Equal("second/dw", failure.Layer);
        }

        Assert.Empty(Emulator.Living);
    }

    [Fact]
    public void GetAll_Cancelled_LeavesNothing()
    {
        using (var backend = new CudaBackend(0, new CudaOptions { CompileThreads = 3 }))
        using (FixedBatches batches = SmallModel.Batches())
        {
            Assert.ThrowsAny<OperationCanceledException>(() => new Trainer(
                SunetModel.Create(SmallModel.Spec), batches, SmallModel.Options, backend, new CancellationToken(canceled: true)));
        }

        Assert.Empty(Emulator.Living);
    }

    [Fact]
    public void GetAll_AnyCallFails_RaisesATypedExceptionAndLeavesNothing()
    {
        (Graph graph, _) = CudaConvolutionTests.ConvolutionGraph(kernel: 1, fused: true);
        Value x = graph.Input("other", new Shape(1, 16, 9, 9));
        graph.MarkOutput(graph.Add(new Convolution(
            "other.0", x, graph.Parameter("other.w", new Shape(16, 16, 3, 3)), null, ConvolutionGeometry.Square(padding: 1))).Output);
        // Which call is the Nth differs between runs; all are failed sooner or later, and none may leave anything.
        FailEach(persistent: 0, () => Compile(graph));

        static void Compile(Graph graph)
        {
            using var backend = new CudaBackend(0, new CudaOptions { CompileThreads = 2 });
            using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        }
    }

    [Theory]
    [InlineData(1, "cublasLt")]
    [InlineData(3, "widened cudnn")]
    public void Candidates_Float32GradientOfBf16_DoNotBeginWithEnginesThatWriteFloat32(int kernel, string first)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16 });
        (Graph graph, Op op) = Gradient(kernel);
        using var session = (CudaSession)backend.Open(graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        ConvolutionProblem problem = CudaConvolution.ProblemOf(session.Run, op)!;
        problem = problem with { W = problem.W with { IsBf16 = false } };
        string[] identities = [.. ConvolutionCandidates.For(problem, new AlgorithmSearch(session.Run, op)).Select(c => c.Identity)];
        Assert.StartsWith(first, identities[0], StringComparison.Ordinal);
        Assert.StartsWith("cudnn", identities[^1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.Float32)]
    [InlineData(Precision.Bf16)]
    public void Get_Timed_TakesACandidateThatIsRight(Precision precision)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision, TuneAlgorithms = true });
        foreach (int kernel in (int[])[1, 3])
        {
            (Graph graph, _) = CudaConvolutionTests.ConvolutionGraph(kernel, fused: true);
            foreach ((Value value, double error) in OpComparison.Run(graph, backend, coarse: true).Errors)
                Assert.True(error <= (precision == Precision.Bf16 ? 1e-2 : 1e-5), $"Kernel {kernel}, {value}: {error:E2}.");
        }

        Assert.Contains("cuEventElapsedTime", Emulator.CallNames);
        Assert.Equal(0, backend.Pool.Statistics.InUseBytes);
    }

    [Fact]
    public void Get_TimedButDeterministic_DoesNotDependOnTimes()
    {
        using var backend = new CudaBackend(0, new CudaOptions { TuneAlgorithms = true, Deterministic = true });
        using Plan plan = Plan.Compile(Forward().Graph, backend, new PlanOptions());
        Assert.DoesNotContain("cuEventElapsedTime", Emulator.CallNames);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Compile_AnyCallFails_RaisesATypedExceptionAndLeavesNothing(bool forGood)
    {
        // A pointwise convolution with an epilogue has candidates of every kind.
        (Graph graph, _) = CudaConvolutionTests.ConvolutionGraph(kernel: 1, fused: true);
        FailEach(forGood ? 1 : 0, () => CompileAndRun(graph));

        static void CompileAndRun(Graph graph)
        {
            using var backend = new CudaBackend(0, new CudaOptions { TuneAlgorithms = true });
            using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
            plan.Run(Phase.Forward);
            plan.Session.Synchronize();
        }
    }

    [Fact]
    public void Compile_OfAnUnfoldedImageAndAnyCallFails_RaisesATypedExceptionAndLeavesNothing()
    {
        var graph = new Graph();
        Value x = graph.Input("x", new Shape(2, 3, 16, 16)), w = graph.Parameter("w", new Shape(16, 3, 7, 7));
        graph.MarkOutput(graph.Add(new Convolution("conv1", x, w, null, ConvolutionGeometry.Square(stride: 2, padding: 3))).Output);
        FailEach(persistent: 0, () =>
        {
            using var backend = new CudaBackend(0, new CudaOptions { Precision = Precision.Bf16, CompileThreads = 1 });
            using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
            plan.Run(Phase.Forward);
            plan.Session.Synchronize();
        });
    }

    /// <summary>
    /// Fails call by call of a run that begins with nothing: a typed exception or none, nothing left, and no rule broken.
    /// </summary>
    private static void FailEach(int persistent, Action run)
    {
        Emulator.Reset();
        run();
        long calls = Emulator.Calls();
        Assert.True(calls > 100, $"Only {calls} calls were counted.");
        int failed = 0;
        for (long n = 1; n <= calls; n++)
        {
            Emulator.Reset();
            Emulator.FailCall(n, persistent);
            try
            {
                run();
            }
            catch (SunetException)
            {
                failed++;
            }

            Assert.True(Emulator.Living.Count == 0, $"After call {n}: {string.Join(", ", Emulator.Living)}.");
            Assert.True(Emulator.Violations.Count == 0, $"After call {n}: {string.Join(", ", Emulator.Violations)}.");
        }

        Assert.True(failed > calls / 10, $"Only {failed} failures of {calls} were noticed.");
    }

    private static string Chosen(Graph graph, CudaOptions options)
    {
        using var backend = new CudaBackend(0, options);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        return Assert.Single(plan.Calls, c => c.Op is Convolution).Call.Implementation;
    }

    private static (Graph Graph, Op Op) Forward(int kernel = 3) => CudaConvolutionTests.ConvolutionGraph(kernel);

    private static (Graph Graph, Op Op) Gradient(int kernel = 3)
    {
        var graph = new Graph();
        Op op = graph.Add(new ConvolutionWeightGradient("features.0", graph.Input("x", new Shape(2, 16, 12, 13)),
            graph.Input("dy", new Shape(2, 32, 12, 13)), new Shape(32, 16, kernel, kernel),
            ConvolutionGeometry.Square(padding: kernel / 2)));
        graph.MarkOutput(op.Output);
        return (graph, op);
    }

    /// <summary>The identities of all candidates, or of those that can be built.</summary>
    private static string[] Candidates(CudaOptions options, (Graph Graph, Op Op) of, bool onlyBuilt = false)
    {
        using var backend = new CudaBackend(0, options);
        using var session = (CudaSession)backend.Open(of.Graph, PlanPurpose.Training);
        using DeviceScope current = backend.Device.Use();
        var found = new List<string>();
        ConvolutionProblem problem = CudaConvolution.ProblemOf(session.Run, of.Op)!;
        foreach (CudaCandidate candidate in ConvolutionCandidates.For(problem, new AlgorithmSearch(session.Run, of.Op)))
        {
            using CudaAlgorithm? algorithm = onlyBuilt ? candidate.Build() : null;
            if (!onlyBuilt || algorithm is not null)
                found.Add(candidate.Identity);
        }

        return [.. found];
    }
}
