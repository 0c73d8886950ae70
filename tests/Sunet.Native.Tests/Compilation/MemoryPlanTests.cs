using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Compilation.Memory;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cpu;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Models;

namespace Sunet.Native.Tests.Compilation;

public sealed class MemoryPlanTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 2);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Create_AnyGraph_LetsNoTwoLiveValuesOverlap(bool training)
    {
        using Plan plan = Compile(training);
        Assert.Empty(FindOverlaps(plan));
    }

    [Fact]
    public void FindOverlaps_PlantedCollision_IsFound()
    {
        using Plan plan = Compile(training: true);
        Op first = plan.Graph.Ops[0];
        Assert.NotEmpty(FindOverlaps(plan, (first.Output, plan.Memory.OffsetOf(plan.Graph.Inputs.Single(i => i.Name == "image")))));
    }

    [Fact]
    public void Create_TrainingGraph_PutsEveryGradientAtItsParametersPlace()
    {
        using Plan plan = Compile(training: true);
        foreach (Value gradient in plan.Graph.Ops.SelectMany(o => o.Outputs).Where(o => o.GradientOf is not null))
        {
            Assert.Equal(plan.Memory.OffsetOf(gradient.GradientOf!) - plan.Memory.Parameters.Offset,
                plan.Memory.OffsetOf(gradient) - plan.Memory.Gradients.Offset);
        }
    }

    [Fact]
    public void Create_TrainingGraph_SharesMemoryBetweenActivations()
    {
        using Plan plan = Compile(training: true);
        Assert.True(plan.Memory.Activations.Bytes < plan.Memory.ActivationBytesUnshared / 2);
    }

    [Fact]
    public void Compile_LimitBelowTheNeed_RefusesWithTheBytes()
    {
        SunetGraph network = SunetGraph.ForInference(SunetSpecTests.Tiny, new Shape(1, 3, 64, 64));
        long before = NativeRuntime.Outstanding.Bytes;
        MemoryException refused = Assert.Throws<MemoryException>(() =>
            Plan.Compile(network.Graph, backend, new PlanOptions { MemoryLimit = 1000 }));
        Assert.True(refused.Bytes > 1000);
        Assert.Equal(before, NativeRuntime.Outstanding.Bytes);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void MemoryOf_AnyGraph_IsThatOfItsPlanAndTakesNothing(bool training)
    {
        using Plan plan = Compile(training);
        NativeOutstanding before = NativeRuntime.Outstanding;
        MemoryPlan memory = Plan.MemoryOf(plan.Graph, backend, training ? PlanPurpose.Training : PlanPurpose.Inference);
        Assert.Equal((before.Bytes, before.Handles), (NativeRuntime.Outstanding.Bytes, NativeRuntime.Outstanding.Handles));
        Assert.Equal(plan.Memory.TotalBytes - plan.Memory.OptimizerSlots.Sum(s => s.Bytes), memory.TotalBytes);
    }

    [Fact]
    public void RetainedBytes_OfATrainingPlan_AreWeightsAndOptimizer()
    {
        using Plan plan = Compile(training: true);
        MemoryPlan memory = plan.Memory;
        long weights = memory.Parameters.Bytes + memory.Buffers.Bytes + memory.OptimizerSlots.Sum(s => s.Bytes);
        Assert.Equal(OperatingSystem.IsLinux() ? weights : memory.TotalBytes, plan.RetainedBytes);
    }

    private static List<string> FindOverlaps(Plan plan, params (Value Value, long Offset)[] planted)
    {
        var lives = new Dictionary<Value, (int First, int Last)>();
        foreach (Value input in plan.Graph.Inputs)
            lives[input] = (-1, -1);
        for (int i = 0; i < plan.Graph.Ops.Count; i++)
        {
            foreach (Value input in plan.Graph.Ops[i].Inputs.Where(lives.ContainsKey))
                lives[input] = (lives[input].First, i);
            foreach (Value output in plan.Graph.Ops[i].Outputs.Where(o => o.GradientOf is null))
                lives[output] = (i, i);
        }

        foreach (Value output in plan.Graph.Outputs)
            lives[output] = (lives[output].First, int.MaxValue);

        Value[] values = [.. lives.Keys];
        var found = new List<string>();
        for (int i = 0; i < values.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                if (Collide(values[i], values[j]))
                    found.Add($"{values[i]} and {values[j]}");
            }
        }

        return found;

        long OffsetOf(Value value) => planted.Where(p => ReferenceEquals(p.Value, value)).Select(p => (long?)p.Offset).FirstOrDefault()
            ?? plan.Memory.OffsetOf(value);

        bool Collide(Value a, Value b)
        {
            (int First, int Last) la = lives[a], lb = lives[b];
            if (la.Last < lb.First || lb.Last < la.First)
                return false;

            // One op may write over what it reads for the last time, if it says so.
            if (Handover(a, b, la, lb) || Handover(b, a, lb, la))
                return false;
            return OffsetOf(a) < OffsetOf(b) + plan.Session.Layouts.BytesOf(b)
                && OffsetOf(b) < OffsetOf(a) + plan.Session.Layouts.BytesOf(a);
        }

        bool Handover(Value from, Value to, (int First, int Last) fromLife, (int First, int Last) toLife) =>
            fromLife.Last == toLife.First && to.Producer is { } op && ReferenceEquals(op.Output, to)
            && (op.Overwritable.Contains(from) || ReferenceEquals(op.Accumulator, from)) && OffsetOf(from) == OffsetOf(to);
    }

    private Plan Compile(bool training)
    {
        var image = new Shape(2, 3, 65, 79);
        Graph graph = training
            ? SunetGraph.ForTraining(SunetSpecTests.Tiny, image, new TrainingGraphOptions()).Graph
            : SunetGraph.ForInference(SunetSpecTests.Tiny, image).Graph;
        if (!training)
            graph.MarkOutput(graph.Ops[^1].Output);
        return Plan.Compile(graph, backend, new PlanOptions { Purpose = training ? PlanPurpose.Training : PlanPurpose.Inference });
    }
}
