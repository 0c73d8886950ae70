using System.Diagnostics.Metrics;
using System.Net;
using Sunet.Data.Images;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Inference;
using Sunet.Native.Tensors;

namespace Sunet.Native.Hosting.Tests;

/// <summary>The web application of the README, with requests over the loopback.</summary>
public sealed class ReadmeServiceTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Post_64ImagesAtATime_GetTheLabelsOfThePredictor()
    {
        const int Requests = 64;
        string weights = TinyModel.SaveIn(folder);
        using var leases = new Leases();
        await using RunningApplication application = await RunningApplication.StartAsync(args => ReadmeService.Run(args, weights));
        using var client = new HttpClient { BaseAddress = application.Address };
        byte[][] images = [.. Enumerable.Range(0, Requests).Select(Jpeg)];
        byte[][] answers = await Task.WhenAll(images.Select(image => PostAsync(client, image)));

        using var cpu = new CpuBackend();
        using var predictor = new Predictor(TinyModel.Model, new PredictorOptions(), cpu);
        for (int i = 0; i < Requests; i++)
        {
            Rgb[,] image = ImageFile.Load(new MemoryStream(images[i])).ToArray();
            byte[,] expected = TinyModel.Labels(image);
            predictor.Segment(image, expected);
            Assert.Equal(expected, LabelFile.Load(new MemoryStream(answers[i])).ToArray());
        }

        // As many images as the sample allows have been in memory, and never more.
        Assert.InRange(leases.Most, 1, 4 * Environment.ProcessorCount);
    }

    [Fact]
    public async Task Post_WhatIsNoImage_IsToldSoWhileOthersAreAnswered()
    {
        string weights = TinyModel.SaveIn(folder);
        await using RunningApplication application = await RunningApplication.StartAsync(args => ReadmeService.Run(args, weights));
        using var client = new HttpClient { BaseAddress = application.Address };
        byte[] broken = [.. Jpeg(1).Take(100)];
        Task<byte[]>[] good = [.. Enumerable.Range(0, 4).Select(i => PostAsync(client, Jpeg(i)))];
        using HttpResponseMessage refused = await client.PostAsync("/segment", new ByteArrayContent(broken));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Contains("the image of the request", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.All(await Task.WhenAll(good), png => Assert.NotEmpty(png));
        Assert.Same(
            application.Services.GetRequiredService<SegmentationService>(), application.Services.GetRequiredService<SegmentationService>());
    }

    [Fact]
    public async Task Run_WithoutWeights_FailsAtTheStart()
    {
        string missing = Path.Combine(folder.Root, "missing.safetensors");
        var failure = await Assert.ThrowsAsync<CheckpointException>(
            () => RunningApplication.StartAsync(args => ReadmeService.Run(args, missing)));
        Assert.Contains(missing, failure.Message, StringComparison.Ordinal);
    }

    private static byte[] Jpeg(int number)
    {
        using var stream = new MemoryStream();
        ImageWriter.WriteJpeg(stream, TinyModel.Image(number));
        return stream.ToArray();
    }

    private static async Task<byte[]> PostAsync(HttpClient client, byte[] image)
    {
        using HttpResponseMessage response = await client.PostAsync("/segment", new ByteArrayContent(image));
        response.EnsureSuccessStatusCode();
        Assert.Equal("image/png", response.Content.Headers.ContentType!.MediaType);
        return await response.Content.ReadAsByteArrayAsync();
    }

    /// <summary>Counts the requests that the limiter lets in.</summary>
    private sealed class Leases : IDisposable
    {
        private readonly MeterListener listener = new();
        private readonly Lock gate = new();
        private long now;

        public Leases()
        {
            listener.InstrumentPublished = (instrument, l) =>
            {
                if (instrument.Name == "aspnetcore.rate_limiting.active_request_leases")
                    l.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<long>((_, change, _, _) =>
            {
                lock (gate)
                    Most = Math.Max(Most, now += change);
            });
            listener.Start();
        }

        public long Most { get; private set; }

        public void Dispose() => listener.Dispose();
    }
}
