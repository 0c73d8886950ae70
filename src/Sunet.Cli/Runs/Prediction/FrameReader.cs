using System.Diagnostics;
using System.Threading.Channels;
using CommunityToolkit.HighPerformance;
using Sunet.Cli.Runs.Streaming;
using Sunet.Native;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>
/// Reads raw frames one after the other. A thread of its own reads, because nothing ends a read of a pipe in which nothing comes: whoever
/// waits for no more frames leaves the thread behind.
/// </summary>
internal sealed class FrameReader : IDisposable
{
    private readonly Stream source;
    private readonly FrameSettings settings;
    private readonly byte[] raw;
    private readonly Channel<TaskCompletionSource<int>> wanted = Channel.CreateUnbounded<TaskCompletionSource<int>>();
    private long completed;

    /// <summary>Starts the thread.</summary>
    /// <param name="source">What frames are read from; it stays open.</param>
    /// <param name="settings">Their size and format.</param>
    public FrameReader(Stream source, FrameSettings settings)
    {
        this.source = source;
        this.settings = settings;
        raw = GC.AllocateUninitializedArray<byte>(settings.InputBytes);
        new Thread(ReadFrames) { IsBackground = true, Name = "Sunet frames" }.UnsafeStart();
    }

    /// <summary>Frames that were read whole.</summary>
    public int Frames { get; private set; }

    /// <summary>Reads the next frame; one call at a time.</summary>
    /// <param name="image">Receives its pixels, and when its last byte was read.</param>
    /// <param name="cancellation">Ends the wait; no frame can be read then.</param>
    /// <returns>Whether there was a frame, or the source has ended.</returns>
    /// <exception cref="DataException">The source ended within a frame, before the first, or cannot be read.</exception>
    public async Task<DecodeOutcome> Read(PipelineImage image, CancellationToken cancellation)
    {
        var request = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        wanted.Writer.TryWrite(request);
        int bytes = await request.Task.WaitAsync(cancellation).ConfigureAwait(false);
        if (bytes < raw.Length)
        {
            return bytes == 0 && Frames > 0 ? DecodeOutcome.End : throw new DataException(bytes == 0
                ? "Standard input has no frames; it ended before the first."
                : $"Standard input ended within frame {Frames + 1}: {raw.Length - bytes} of its {raw.Length} bytes are missing; "
                    + "see '--size' and '--format'.");
        }

        Memory2D<Rgb> pixels = image.Buffers.Image.Reserve(settings.Height, settings.Width);
        pixels.Span.TryGetSpan(out Span<Rgb> rows);
        settings.Input.Unpack(raw, rows);
        image.Decoded(pixels);
        image.Completed = Volatile.Read(ref completed);
        Frames++;
        return DecodeOutcome.Decoded;
    }

    /// <summary>Ends the thread, unless it reads.</summary>
    public void Dispose() => wanted.Writer.TryComplete();

    private void ReadFrames()
    {
        while (wanted.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            if (!wanted.Reader.TryRead(out TaskCompletionSource<int>? request))
                continue;
            try
            {
                int bytes = source.ReadAtLeast(raw, raw.Length, throwOnEndOfStream: false);
                Volatile.Write(ref completed, Stopwatch.GetTimestamp());
                request.SetResult(bytes);
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                request.SetException(new DataException($"Standard input cannot be read: {failure.Message}", inner: failure));
            }
        }
    }
}
