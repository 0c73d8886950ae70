using System.Reflection;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Verification;

/// <summary>Every op of the library is known wherever ops are told apart; the failure names one that is not.</summary>
public sealed class OpListTests : EmulatorTest
{
    private const string Cpu = "CPU backend", Cuda = "CUDA backend", Reference = "reference", Ops = "ops to try", Layers = "layers to try";

    /// <summary>One op of each kind that there is to try, within its graph.</summary>
    private static readonly (Op Op, Graph Graph)[] Known =
    [
        .. from kind in OpGraph.Kinds
           let graph = OpGraph.Create(kind, seed: 0, copies: false).Graph
           select (graph.Ops.Last(op => op.Kind == kind), graph),
    ];

    private static readonly HashSet<Type> InLayers =
    [
        .. LayerGraph.Kinds.SelectMany(kind => LayerGraph.Create(kind, seed: 0, learnsInput: true, differentiate: true).Graph.Ops)
            .Select(op => op.GetType()),
    ];

    public static TheoryData<string> Lists { get; } = [Cpu, Cuda, Reference, Ops, Layers];

    /// <summary>What is no op for a backend: its memory is zero from the beginning.</summary>
    [Fact]
    public void Types_OfTheLibrary_AreAllAmongTheOpsToTry()
    {
        IEnumerable<Type> types = typeof(Op).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Op)) && !type.IsAbstract);
        Assert.Equal([nameof(ZeroGradient)], types.Except(Known.Select(k => k.Op.GetType())).Select(type => type.Name));
    }

    [Theory]
    [MemberData(nameof(Lists))]
    public void Ops_OfTheLibrary_AreInEveryList(string list) => Assert.Empty(Missing(list, Known));

    [Theory]
    [MemberData(nameof(Lists))]
    public void Missing_PlantedOps_AreNamed(string list) => Assert.Equal(
        [nameof(PlantedOp), nameof(PlantedPointwise)],
        Missing(list, [.. Known, Alone(x => new PlantedOp(x)), Alone(x => new PlantedPointwise(x))]));

    private static (Op Op, Graph Graph) Alone(Func<Value, Op> create)
    {
        var graph = new Graph();
        Op op = graph.Add(create(graph.Input("x", new Shape(1, 3, 5, 7))));
        graph.MarkOutput(op.Output);
        return (op, graph);
    }

    private static string[] Missing(string list, IEnumerable<(Op Op, Graph Graph)> ops)
    {
        using IBackend? backend = list switch
        {
            Cpu => new CpuBackend(threads: 1),
            Cuda => new CudaBackend(),
            _ => null,
        };
        return [.. ops.Where(o => !IsKnown(list, backend, o.Op, o.Graph)).Select(o => o.Op.Kind)];
    }

    private static bool IsKnown(string list, IBackend? backend, Op op, Graph graph) => list switch
    {
        Reference => ReferenceFamilies.All.Any(family => family.Compute(op, value => new double[value.Shape.Count]) is not null),
        Ops => OpGraph.Kinds.Contains(op.Kind),
        Layers => !HasGradient(op) || InLayers.Contains(op.GetType()),
        _ => IsPrepared(backend!, op, graph),
    };

    private static bool IsPrepared(IBackend backend, Op op, Graph graph)
    {
        try
        {
            using Plan plan = Plan.Compile(graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
            return plan.Calls.Any(call => call.Op == op);
        }
        catch (BackendException e) when (e.Message.Contains($"has no {op.Kind} ", StringComparison.Ordinal))
        {
            return false;
        }
    }

    /// <summary>Whether the op has a gradient or is one, so that some layer must have it.</summary>
    private static bool HasGradient(Op op) => op.Phase == Phase.Backward
        || op.GetType().GetMethod(nameof(Op.Differentiate), BindingFlags.Public | BindingFlags.Instance)!.DeclaringType != typeof(Op);

    private sealed class PlantedOp : Op
    {
        public PlantedOp(Value x) : base("planted", Phase.Forward)
        {
            AddInput(x);
            AddOutput("", x.Shape);
        }

        public override void Differentiate(Differentiator gradients) => throw new NotSupportedException();
    }

    /// <summary>An op whose kernel backends would find by its kind, if there were one.</summary>
    private sealed class PlantedPointwise : Op, IPointwise
    {
        private readonly OpInput x;

        public PlantedPointwise(Value x) : base("planted", Phase.Forward)
        {
            this.x = AddInput(x);
            AddOutput("", x.Shape);
        }

        Value IPointwise.First => x.Value;

        public override void Differentiate(Differentiator gradients) => throw new NotSupportedException();
    }
}
