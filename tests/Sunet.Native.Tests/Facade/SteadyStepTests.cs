using System.Runtime.InteropServices;
using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>A step in steady state allocates nothing, managed or native; and the meter that says so sees it when one does.</summary>
[Trait("Processors", "all")]
public sealed class SteadyStepTests : IDisposable
{
    private static readonly SteadyMeter Nothing = new(0, 0, 0, 0);
    private readonly CpuBackend backend = new(threads: 1);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void Step_InSteadyState_AllocatesNothing(int threads, int accumulate)
    {
        using FixedBatches batches = SmallModel.Batches();
        using var several = new CpuBackend(threads);
        using Trainer trainer = SmallModel.Trainer(batches, several, SmallModel.Options with { Accumulate = accumulate });
        Assert.Equal(Nothing, SteadyMeter.Measure(() => trainer.Step()));
    }

    [Theory]
    [InlineData(false, 1.0)]
    [InlineData(true, 0.75, 1.0)]
    public void Segment_InSteadyState_AllocatesNothing(bool flip, params double[] scales)
    {
        var options = new PredictorOptions { Flip = flip, Scales = scales };
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), options, backend);
        Rgb[,] image = Image(64, 80);
        var labels = new byte[64, 80];
        Assert.Equal(Nothing, SteadyMeter.Measure(() => predictor.Segment(image, labels)));
    }

    [Theory]
    [InlineData(PixelFormat.Rgb, 0)]
    [InlineData(PixelFormat.Bgra, 8)]
    public void Segment_BytesInSteadyState_AllocatesNothing(PixelFormat format, int gap)
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        var layout = new ImageLayout(64, 80, format, (4 * 80) + gap);
        byte[] bytes = new byte[layout.Bytes], room = new byte[64 * 90];
        Assert.Equal(Nothing, SteadyMeter.Measure(() =>
            predictor.Segment(bytes, layout, new Span2D<byte>(room, 0, height: 64, width: 80, pitch: 10))));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Count_InSteadyState_AllocatesNothing(bool flip)
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions { Flip = flip }, backend);
        Rgb[,] image = Image(64, 80);
        var labels = new byte[64, 80];
        var matrix = new ConfusionMatrix(SmallModel.Spec.Classes);
        Assert.Equal(Nothing, SteadyMeter.Measure(() => predictor.Count(image, labels, matrix)));
    }

    [Fact]
    public void Segment_TwoSizesInTurn_AllocatesNothing()
    {
        using var predictor = new Predictor(SunetModel.Create(SmallModel.Spec), new PredictorOptions(), backend);
        Rgb[,] first = Image(48, 64), second = Image(33, 57);
        byte[,] firstLabels = new byte[48, 64], secondLabels = new byte[33, 57];
        Assert.Equal(Nothing, SteadyMeter.Measure(() =>
        {
            predictor.Segment(first, firstLabels);
            predictor.Segment(second, secondLabels);
        }));
    }

    [Fact]
    public void Measure_StepThatAllocatesManagedMemory_SeesIt()
    {
        SteadyMeter found = MeasureWith(() => GC.KeepAlive(new byte[100]));
        Assert.InRange(found.ThreadBytes, 400, 4000);
        Assert.InRange(found.ProcessBytes, 400, 4000);
        Assert.Equal(0, found.NativeCalls);
    }

    [Fact]
    public void Measure_StepThatCreatesNativeHandles_SeesThem()
    {
        SteadyMeter found = MeasureWith(() => backend.Open(new Graph(), PlanPurpose.Inference).Dispose());
        Assert.True(found.NativeCalls >= 4, $"{found}");
    }

    [Fact]
    public unsafe void Measure_StepThatLeaksOnTheHeap_SeesIt()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only glibc says what its heap holds.");
        var leaked = new Stack<nint>(1000);
        SteadyMeter found = MeasureWith(() => leaked.Push((nint)NativeMemory.Alloc(48)));
        foreach (nint block in leaked)
            NativeMemory.Free((void*)block);
        Assert.Equal(0, found.ThreadBytes);
        Assert.True(found.HeapGrowth >= 4 * 48, $"{found}");
    }

    private SteadyMeter MeasureWith(Action onRead)
    {
        using var batches = new FixedBatches(SmallModel.Images, SmallModel.Spec.Classes) { OnRead = onRead };
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        return SteadyMeter.Measure(() => trainer.Step());
    }

    private static Rgb[,] Image(int height, int width)
    {
        var image = new Rgb[height, width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
                image[y, x] = new Rgb((byte)(x * 3), (byte)(y * 5), (byte)(x ^ y));
        }

        return image;
    }
}
