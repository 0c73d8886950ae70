using Sunet.Native.Backends.Cuda;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Emulation;
using Sunet.Native.Tests.Facade;

namespace Sunet.Native.Tests.Backends.Cuda.Driver;

/// <summary>Another library's context, stream and device memory: used as they are, and left as they were.</summary>
public sealed unsafe class SharedContextTests : EmulatorTest
{
    private static readonly Shape Image = new(1, 3, 64, 96);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Plan_OnACallersStreamAndMemory_GivesWhatTheHostGets(ulong seed)
    {
        Emulator.Seed(seed);
        SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 5);
        var random = new Random(1);
        float[] image = [.. Enumerable.Range(0, (int)Image.Count).Select(_ => (random.NextSingle() * 4) - 2)];
        byte[] expected = OnTheHost(model, image), found = new byte[expected.Length];

        // Stands for the other library: it owns a context, a stream, and memory that its own work fills.
        using CudaDevice other = CudaDevice.Open(0);
        using var pool = new DevicePool(other);
        using CudaStream stream = CudaStream.Create(other);
        using PinnedBuffer pinned = PinnedBuffer.Create(other, sizeof(float) * Image.Count);
        using (other.Use())
        {
            DeviceBlock pixels = pool.Allocate(sizeof(float) * Image.Count, stream), classes = pool.Allocate(found.Length, stream);
            image.CopyTo(new Span<float>((void*)pinned.Address, image.Length));
            Assert.Equal(0, CudaDriver.CopyToDeviceAsync(pixels.Address, pinned.Address, (nuint)pinned.Bytes, stream.Raw));

            LabelOn(other.Context.Raw, stream.Raw, model, pixels.Address, classes.Address);

            Assert.Equal(0, CudaDriver.CopyToHostAsync(pinned.Address, classes.Address, (nuint)found.Length, stream.Raw));
            stream.Synchronize();
            pinned.Span[..found.Length].CopyTo(found);
            pool.Free(pixels, stream);
            pool.Free(classes, stream);
        }

        Assert.Equal(expected, found);
        Assert.True(expected.Distinct().Count() > 1, "One label everywhere would agree with anything.");
    }

    [Fact]
    public void FromContext_DefaultContext_IsRefused() =>
        Assert.ThrowsAny<Exception>(() => CudaBackend.FromContext(0, ordinal: 0).Dispose());

    private static void LabelOn(nint context, nint stream, SunetModel model, nint pixels, nint classes)
    {
        // snippet: share
        // A CUcontext and a CUstream of another library, such as ManagedCuda, and addresses in its device memory.
        using CudaBackend backend = CudaBackend.FromContext(context, ordinal: 0, stream);
        SunetGraph network = SunetGraph.ForInference(model.Spec, new Shape(1, 3, 64, 96));
        Value labels = network.AppendArgMax();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);

        plan.WriteFrom(network.Image, pixels);
        plan.Run(Phase.Forward);
        plan.ReadTo(labels, classes);
        // end
    }

    private static byte[] OnTheHost(SunetModel model, float[] image)
    {
        using var backend = new CudaBackend();
        SunetGraph network = SunetGraph.ForInference(model.Spec, Image);
        Value labels = network.AppendArgMax();
        using Plan plan = Plan.Compile(network.Graph, backend, new PlanOptions());
        plan.Load(model.Read);
        plan.Write(network.Image, image);
        plan.Run(Phase.Forward);
        var found = new byte[Image.Height * Image.Width];
        plan.Read(labels, found);
        return found;
    }
}
