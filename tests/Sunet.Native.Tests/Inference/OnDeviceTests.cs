using CommunityToolkit.HighPerformance;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Backends.Cuda.Memory;
using Sunet.Native.Tests.Inference.Streams;

namespace Sunet.Native.Tests.Inference;

/// <summary>Images and labels in the memory of the device, and the memory through which a GPU's images travel.</summary>
public sealed class OnDeviceTests : EmulatorTest
{
    private const int Height = 37, Width = 45;
    private static readonly SunetModel Model = CountTests.Balanced();

    /// <summary>One look, and the mean of two.</summary>
    public static TheoryData<PredictorOptions> Looks { get; } = [new PredictorOptions(), new PredictorOptions { Flip = true }];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Looks))]
    public unsafe void SegmentOnDevice_Cpu_GivesTheBitsOfSegment(PredictorOptions options)
    {
        using var backend = new CpuBackend(threads: 1);
        using var predictor = new Predictor(Model, options, backend);
        Rgb[,] image = CountTests.Image(Height, Width);
        byte[,] expected = new byte[Height, Width], labels = new byte[Height, Width];
        predictor.Segment(image, expected);
        fixed (Rgb* pixels = image)
        fixed (byte* room = labels)
            predictor.SegmentOnDevice((nint)pixels, (nint)room, Height, Width);
        Assert.Equal(expected, labels);
    }

    [Theory]
    [MemberData(nameof(Looks))]
    public void SegmentOnDevice_Gpu_CopiesNothingOverTheBus(PredictorOptions options)
    {
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using var backend = new CudaBackend();
        using var predictor = new Predictor(Model, options, backend);
        using DeviceScope current = device.Use();
        DeviceBlock pixels = pool.Allocate(3 * Height * Width, stream), room = pool.Allocate(Height * Width, stream);
        var seen = new HashSet<byte>();
        for (int seed = 0; seed < 4; seed++)
        {
            byte[] image = LaidOut.Bytes(CountTests.Image(Height, Width, seed), PixelFormat.Rgb, 0, out ImageLayout layout);
            var expected = new byte[Height, Width];
            predictor.Segment(image, layout, expected);
            DeviceMemory.Write(device, pixels.Address, image, stream);

            long sent = Emulator.BytesToDevice(), received = Emulator.BytesToHost();
            predictor.SegmentOnDevice(pixels.Address, room.Address, Height, Width);
            Assert.True(sent > 0 && received > 0, "The image in the host's memory was copied.");
            Assert.Equal((0, 0), (Emulator.BytesToDevice() - sent, Emulator.BytesToHost() - received));

            // The labels are there and the image is read: without another wait, by a stream that nothing orders.
            DeviceMemory.Fill(pixels.Address, 0, 3 * Height * Width, stream);
            Assert.Equal(expected.Cast<byte>(), DeviceMemory.Read(device, room.Address, Height * Width, stream));
            seen.UnionWith(expected.Cast<byte>());
        }

        Assert.True(seen.Count > 1, "One label everywhere would agree with anything.");
        pool.Free(pixels, stream);
        pool.Free(room, stream);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void SegmentOnDevice_StreamOfTheCaller_FollowsWhatIsQueuedThere(ulong seed)
    {
        Emulator.Seed(seed);
        byte[] image = LaidOut.Bytes(CountTests.Image(Height, Width), PixelFormat.Rgb, 0, out ImageLayout layout);
        using CudaDevice device = CudaDevice.Open(0);
        using var pool = new DevicePool(device);
        using CudaStream stream = CudaStream.Create(device);
        using PinnedBuffer pinned = PinnedBuffer.Create(device, image.Length);
        using CudaBackend backend = CudaBackend.FromContext(device.Context.Raw, ordinal: 0, stream.Raw);
        using var predictor = new Predictor(Model, new PredictorOptions(), backend);
        using DeviceScope current = device.Use();
        DeviceBlock pixels = pool.Allocate(image.Length, stream), room = pool.Allocate(Height * Width, stream);
        var expected = new byte[Height, Width];
        predictor.Segment(image, layout, expected);
        image.CopyTo(pinned.Span);
        DeviceMemory.Upload(pinned, pixels.Address, stream);
        predictor.SegmentOnDevice(pixels.Address, room.Address, Height, Width);
        Assert.Equal(expected.Cast<byte>(), DeviceMemory.Read(device, room.Address, Height * Width, stream));
        pool.Free(pixels, stream);
        pool.Free(room, stream);
    }

    [Fact]
    public void SegmentOnDevice_WhatCannotBe_IsRefused()
    {
        using var backend = new CpuBackend(threads: 1);
        using var whole = new Predictor(Model, new PredictorOptions(), backend);
        using var tiled = new Predictor(Model, new PredictorOptions { TileSize = 64, TileOverlap = 16 }, backend);
        using var cropped = new Predictor(Model, new PredictorOptions { CropSize = 64 }, backend);
        Assert.Equal("image", Assert.Throws<ArgumentException>(() => whole.SegmentOnDevice(0, 1, 40, 40)).ParamName);
        Assert.Equal("labels", Assert.Throws<ArgumentException>(() => whole.SegmentOnDevice(1, 0, 40, 40)).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => whole.SegmentOnDevice(1, 1, 0, 40));
        Assert.Throws<ArgumentOutOfRangeException>(() => whole.SegmentOnDevice(1, 1, 40, -1));
        ConfigurationException tiles = Assert.Throws<ConfigurationException>(() => tiled.SegmentOnDevice(1, 1, 40, 65));
        Assert.Contains("40 x 65 into tiles of at most 64", tiles.Message, StringComparison.Ordinal);
        ConfigurationException crops = Assert.Throws<ConfigurationException>(() => cropped.SegmentOnDevice(1, 1, 40, 40));
        Assert.Contains("crops of 64", crops.Message, StringComparison.Ordinal);
        Assert.Throws<OperationCanceledException>(() =>
            whole.SegmentOnDevice(1, 1, 40, 40, cancellation: new CancellationToken(canceled: true)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task SegmentMany_LayoutsMixedOnAGpu_GivesTheBitsOfRgb(int batch)
    {
        using var backend = new CudaBackend();
        using var predictor = new Predictor(Model, new PredictorOptions(), backend);
        PixelFormat[] formats = Enum.GetValues<PixelFormat>();
        var images = new ImageRequest[15];
        var plain = new ImageRequest[images.Length];
        for (int i = 0; i < images.Length; i++)
        {
            Rgb[,] image = LaidOut.Image(Height, Width, formats[i % formats.Length], seed: i);
            byte[] bytes = LaidOut.Bytes(image, formats[i % formats.Length], padding: i % 2, out ImageLayout layout);
            images[i] = new ImageRequest(bytes, layout, new byte[Height, Width + 3].AsMemory2D(0, 0, Height, Width));
            plain[i] = StreamImages.Request(image);
        }

        var options = new StreamOptions { BatchSize = batch };
        await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(plain), options, Token));
        List<ImageResult> results = await StreamImages.All(predictor.SegmentMany(StreamImages.Stream(images), options, Token));
        Assert.All(results, r => Assert.Equal(plain[r.Index].Labels.ToArray(), r.Request.Labels.ToArray()));
        Assert.Equal(images.Length, results.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Staging_OfAnImageOnItsWay_WaitsUntilItHasLeft(ulong seed)
    {
        Emulator.Seed(seed);
        var graph = new Graph();
        Value image = graph.Input("image", new Shape(1, 4, 5, 3), DataType.UInt8);
        Value planes = graph.MarkOutput(graph.Add(new NormalizeImage("normalize", image, ImageNormalization.ImageNet)).Output);
        using var backend = new CudaBackend();
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        float[] expected = new float[60], found = new float[60];
        byte[] elements = [.. Enumerable.Repeat((byte)10, 60)];
        plan.Write(image, elements);
        plan.Run(Phase.Forward);
        plan.Read(planes, expected);

        Span<byte> staging = plan.Staging(image);
        Assert.Equal(60, staging.Length);
        elements.CopyTo(staging);
        plan.Write(image, staging);
        plan.Run(Phase.Forward);
        plan.Staging(image).Fill(200);
        plan.Read(planes, found);
        Assert.Equal(expected, found);
    }
}
