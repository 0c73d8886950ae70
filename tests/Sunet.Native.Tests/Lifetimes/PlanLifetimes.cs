using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Tests.Lifetimes;

namespace Sunet.Native.Tests.Lifetimes;

/// <summary>The lifetimes of a plan and of what belongs to one.</summary>
internal static class PlanLifetimes
{
    public static Lifetime OfPlan(IBackend backend)
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        SunetGraph network = SunetGraph.ForImages(SmallModel.Spec, new Shape(1, 3, 32, 48));
        ConfusionCounts counts = network.AppendConfusionCounts();
        Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        Value weight = network.Graph.Parameters[0], classes = counts.Predictions;
        float[] floats = new float[weight.Shape.Count];
        int[] labels = new int[network.Labels!.Shape.Count], numbers = new int[counts.Counts.Shape.Count];
        byte[] pixels = new byte[network.Image.Shape.Count], found = new byte[classes.Shape.Count];
        SunetGraph training = SunetGraph.ForTraining(SmallModel.Spec, SmallModel.Images, new TrainingGraphOptions());
        Plan other = Plan.Compile(training.Graph, backend, new PlanOptions { Purpose = PlanPurpose.Training });
        return new Lifetime(typeof(Plan), new Both(plan, other))
            .Answers("Graph", () => _ = plan.Graph)
            .Answers("MemoryBytes", () => _ = plan.MemoryBytes)
            .Answers("RetainedBytes", () => _ = plan.RetainedBytes)
            .Refuses("Load(ParameterReader, CancellationToken)", () => plan.Load(model.Read))
            .Refuses("Write(Value, ReadOnlySpan<Single>)", () => plan.Write(weight, floats))
            .Refuses("Write(Value, ReadOnlySpan<Int32>)", () => plan.Write(network.Labels, labels))
            .Refuses("Write(Value, ReadOnlySpan<Byte>)", () => plan.Write(network.Image, pixels))
            .Refuses("Read(Value, Span<Single>)", () => plan.Read(weight, floats))
            .Refuses("Read(Value, Span<Int32>)", () => plan.Read(counts.Counts, numbers))
            .Refuses("Read(Value, Span<Byte>)", () => plan.Read(classes, found))
            .Refuses("WriteFrom(Value, IntPtr)", () => plan.WriteFrom(weight, 1))
            .Refuses("ReadTo(Value, IntPtr)", () => plan.ReadTo(weight, 1))
            .Refuses("Synchronize()", plan.Synchronize)
            .Refuses("ReadScalar(Value)", () => other.ReadScalar(training.Loss!.Loss))
            .Refuses("ReadInteger(Value)", () => plan.ReadInteger(counts.Invalid))
            .Refuses("Run(Phase)", () => plan.Run(Phase.Forward))
            .Refuses("ReleaseWorkingMemory()", plan.ReleaseWorkingMemory)
            .Refuses("Record(Phase)", () => plan.Record(Phase.Forward));
    }

    public static Lifetime OfWeightStore(IBackend backend)
    {
        var store = new WeightStore(backend);
        Labels(backend, out _, store).Dispose();
        return new Lifetime(typeof(WeightStore), store).Answers("Bytes", () => _ = store.Bytes);
    }

    /// <summary>A recorded phase, whose plan is disposed before it.</summary>
    public static Lifetime OfPreparedWork(IBackend backend)
    {
        Plan plan = Labels(backend, out _);
        PreparedWork work = plan.Record(Phase.Forward);
        for (int i = 0; i < 3; i++)
            work.Run();
        return new Lifetime(typeof(PreparedWork), new Both(plan, work)).Refuses("Run()", work.Run);
    }

    public static Lifetime OfParameterUpdate(IBackend backend)
    {
        IBackendSession session = backend.Open(new Graph(), PlanPurpose.Training);
        IDeviceMemory memory = session.Allocate(1024);
        nint at = memory.Address;
        ParameterUpdate update = session.StepWork.PrepareUpdate(new SgdArguments(0.9f, 0, 0, 1, false), 16, at, 0, at + 256, at + 512);
        update.SetLearningRate(1);
        update.Run();
        return new Lifetime(typeof(ParameterUpdate), new Both(update, memory, session))
            .Refuses("SetLearningRate(Single)", () => update.SetLearningRate(1))
            .Refuses("Run()", update.Run);
    }

    /// <summary>A convolution, which every device has.</summary>
    public static Lifetime OfPreparedCall(IBackend backend)
    {
        Plan plan = Labels(backend, out _);
        PreparedCall call = plan.Calls.First(c => c.Op is Convolution).Call;
        return new Lifetime(typeof(PreparedCall), plan)
            .Survives("ScratchBytes", () => _ = call.ScratchBytes)
            .Survives("Implementation", () => _ = call.Implementation)
            .Answers("Bind(IValueAddresses)", () =>
            {
                // Addresses are a plan's, which gives them to nobody and binds once.
            })
            .Refuses("Run()", call.Run);
    }

    public static Lifetime OfClock(IBackend backend)
    {
        IBackendSession session = backend.Open(new Graph(), PlanPurpose.Inference);
        ICallClock clock = session.CreateClock(2);
        return new Lifetime(typeof(ICallClock), new Both(clock, session))
            .Survives("Mark(Int32)", () =>
            {
                clock.Mark(0);
                clock.Mark(1);
            })
            .Survives("Milliseconds(Int32, Int32)", () => clock.Milliseconds(0, 1));
    }

    public static Lifetime OfMemory(IBackend backend)
    {
        IDeviceMemory memory = backend.Allocate(64);
        return new Lifetime(typeof(IDeviceMemory), memory)
            .Answers("Bytes", () => Assert.Equal(64, memory.Bytes))
            .Refuses("Address", () => _ = memory.Address);
    }

    /// <summary>A small network, loaded, that labels pixels.</summary>
    public static Plan Labels(IBackend backend, out SunetGraph network, WeightStore? store = null)
    {
        network = SunetGraph.ForImages(SmallModel.Spec, new Shape(1, 3, 32, 48));
        network.AppendArgMax();
        Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions { Weights = store });
        plan.Load(SunetModel.Create(SmallModel.Spec).Read);
        return plan;
    }

    /// <summary>Things that go in an order.</summary>
    private sealed class Both(params IDisposable[] all) : IDisposable
    {
        public void Dispose() => Array.ForEach(all, one => one.Dispose());
    }
}
