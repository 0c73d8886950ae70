using System.Collections.Concurrent;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Graphs;
using Sunet.Native.Inference;
using Sunet.Native.Inference.Streams;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Backends.Cuda;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Models;

namespace Sunet.Native.Tests.Inference;

/// <summary>Batches of a stream on a GPU, whose calls the emulator records.</summary>
public sealed class OverlappingBatchesTests : EmulatorTest
{
    private const int BatchSize = 2, Lanes = 2, Pairs = 4;

    [Fact]
    public async Task SegmentMany_OnAGpu_UploadsAndStartsABatchBeforeTheOneBeforeItIsReadBack()
    {
        using var cuda = new CudaBackend();
        var pairs = new ConcurrentQueue<string[]>();
        int seen = 0;

        // No batch is read back before the other lane's is about to be, too: the calls between two such moments are those of two batches.
        using var both = new Barrier(Lanes, _ =>
        {
            string[] names = [.. Emulator.CallNames];
            pairs.Enqueue(names[seen..]);
            seen = names.Length;
        });
        using var backend = new FaultyBackend(cuda) { Transferring = transfers => new MeetingTransfers(transfers, both) };
        using var predictor = new Predictor(SunetModel.Create(SunetSpecTests.Tiny, seed: 5), new PredictorOptions(), backend);
        var options = new StreamOptions { BatchSize = BatchSize, Concurrency = Lanes, Capacity = BatchSize * Lanes * Pairs };
        await foreach (ImageResult result in predictor.SegmentMany(Images().ToAsyncEnumerable(), options))
            result.ThrowIfFailed();

        // The first pairs are compiled and captured.
        Assert.Equal(Pairs, pairs.Count);
        foreach (string[] names in pairs.Skip(2))
        {
            int Count(string start) => names.Count(n => n.StartsWith(start, StringComparison.Ordinal));
            Assert.Equal(Lanes, Count("cuMemcpyHtoDAsync"));
            Assert.Equal(Lanes, Count("cuGraphLaunch"));

            // What the pair before had computed came back meanwhile, and each lane waited for its own stream alone.
            Assert.Equal(Lanes, Count("cuMemcpyDtoHAsync"));
            string[] whole = ["cuCtxSynchronize", "cuMemcpyHtoD_v2", "cuMemcpyDtoH_v2", "cuMemAlloc", "cuMemFree", "cuModule"];
            Assert.DoesNotContain(names, n => whole.Any(w => n.StartsWith(w, StringComparison.Ordinal)));
            int launches = Array.FindLastIndex(names, n => n.StartsWith("cuGraphLaunch", StringComparison.Ordinal));
            Assert.DoesNotContain(names[launches..], n => n.StartsWith("cuMemcpyDtoH", StringComparison.Ordinal));
        }
    }

    private static IEnumerable<ImageRequest> Images() => Enumerable.Range(0, BatchSize * Lanes * Pairs)
        .Select(_ => new ImageRequest { Image = new Rgb[32, 32], Labels = new byte[32, 32] });

    /// <summary>Reads back once both lanes are about to.</summary>
    private sealed class MeetingTransfers(IValueTransfers inner, Barrier both) : IValueTransfers
    {
        private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

        public void Upload(Value value, nint address, ReadOnlySpan<byte> elements) => inner.Upload(value, address, elements);

        public Span<byte> Staging(Value value, nint address) => inner.Staging(value, address);

        public void Download(Value value, nint address, Span<byte> elements)
        {
            Meet();
            inner.Download(value, address, elements);
        }

        public ReadOnlySpan<byte> Fetch(Value value, nint address)
        {
            Meet();
            return inner.Fetch(value, address);
        }

        public void UploadFrom(Value value, nint address, nint elements) => inner.UploadFrom(value, address, elements);

        public void DownloadTo(Value value, nint address, nint elements) => inner.DownloadTo(value, address, elements);

        public void Clear(long bytes, nint address) => inner.Clear(bytes, address);

        public bool AllFinite(Value value, nint address) => inner.AllFinite(value, address);

        private void Meet() => Assert.True(both.SignalAndWait(Patience), "The other lane's batch was not started.");
    }
}
