using Sunet.Native.Files;

namespace Sunet.Data.Images;

/// <summary>The working memory of one decoding thread: the file's bytes, the rewritten file, and the decoder's RGBA pixels.</summary>
/// <param name="budget">What the thread shares with others; null where it is alone.</param>
internal sealed class DecodeScratch(DecodeBudget? budget = null)
{
    private const long LargestFile = 1L << 30;

    private byte[] file = [];
    private byte[] rewritten = [];
    private byte[] rgba = [];
    private byte[] turned = [];
    private ulong[][] known = [];
    private BaselineJpeg? baseline;
    private long taken, dropped;
    private bool isDecoding;

    /// <summary>
    /// Whether the codes of a JPEG are followed only where something about it is odd, for those who read a file again and again.
    /// </summary>
    public bool IsQuick { get; init; }

    /// <summary>The EXIF orientation of the last photograph, which has been applied: 1 for one that is stored upright, to 8.</summary>
    public int Orientation { get; set; } = 1;

    /// <summary>The bytes of all files read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>The decoder of common JPEGs, with its working memory.</summary>
    public BaselineJpeg Baseline => baseline ??= new BaselineJpeg();

    /// <summary>Reads a whole file; the span is valid until the next call.</summary>
    /// <exception cref="DataException">The file is missing, unreadable, empty or over 1 GiB.</exception>
    public ReadOnlySpan<byte> ReadFile(string path)
    {
        try
        {
            using var handle = RegularFile.OpenHandle(path);
            long length = RandomAccess.GetLength(handle);
            RequireLength(length, path);
            Span<byte> target = GrowOnly.Reserve(ref file, (int)length);
            int read = 0;
            while (read < target.Length)
            {
                int count = RandomAccess.Read(handle, target[read..], read);
                if (count == 0)
                    throw new DataException($"'{path}' ended after {read} of {length} bytes; was it changed while being read?", path);
                read += count;
            }

            BytesRead += length;
            return target;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            throw new DataException($"'{path}' cannot be read: {failure.Message}", path, failure);
        }
    }

    /// <summary>Reads a stream from where it is to its end; the span is valid until the next call.</summary>
    /// <param name="stream">Need not be able to seek.</param>
    /// <param name="name">What messages call it.</param>
    /// <exception cref="DataException">It cannot be read, is empty, or has more than 1 GiB.</exception>
    public ReadOnlySpan<byte> ReadStream(Stream stream, string name)
    {
        const int FirstLength = 1 << 16;
        int length = 0;
        try
        {
            while (true)
            {
                if (length == file.Length)
                    Array.Resize(ref file, (int)Math.Clamp(2L * length, FirstLength, LargestFile + 1));
                int count = stream.Read(file, length, file.Length - length);
                if (count == 0)
                    break;
                length += count;
                if (length > LargestFile)
                    break;
            }
        }
        catch (Exception failure) when (failure is IOException or NotSupportedException)
        {
            throw new DataException($"'{name}' cannot be read: {failure.Message}", name, failure);
        }

        RequireLength(length, name);
        BytesRead += length;
        return file.AsSpan(0, length);
    }

    /// <summary>Reads a whole file as a stream over this memory; valid until the next call, and its buffer is visible.</summary>
    /// <exception cref="DataException">As for <see cref="ReadFile"/>.</exception>
    public MemoryStream OpenFile(string path)
    {
        int length = ReadFile(path).Length;
        return new MemoryStream(file, 0, length, writable: false, publiclyVisible: true);
    }

    /// <summary>Memory for a rewritten file.</summary>
    public Span<byte> ReserveRewritten(int length) => GrowOnly.Reserve(ref rewritten, length);

    /// <summary>Memory for decoded RGBA pixels.</summary>
    public Span<byte> ReserveRgba(int length) => GrowOnly.Reserve(ref rgba, length);

    /// <summary>Memory for RGBA pixels that are turned upright.</summary>
    public Span<byte> ReserveTurned(int length) => GrowOnly.Reserve(ref turned, length);

    /// <summary>For every component and block of a progressive JPEG, no coefficient yet.</summary>
    public ulong[][] ReserveKnown(JpegFrame frame)
    {
        if (known.Length < frame.Components.Length)
            Array.Resize(ref known, frame.Components.Length);
        for (int i = 0; i < frame.Components.Length; i++)
        {
            (int across, int down) = frame.BlocksOf(i);
            known[i] ??= [];
            GrowOnly.Reserve(ref known[i], across * down).Clear();
        }

        return known;
    }

    /// <summary>Says what the next pixels need, and waits until the threads that share a budget leave so much.</summary>
    /// <param name="bytes">All that one image and its labels take, in arrays and in the decoder.</param>
    public void Take(long bytes)
    {
        if (budget is null || (isDecoding && bytes <= taken))
            return;
        long more = Math.Max(0, bytes - taken);
        budget.Take(more, isDecoding);
        taken += more;
        isDecoding = true;
    }

    /// <summary>Whether this thread holds more than it may keep from image to image.</summary>
    public bool HoldsTooMuch => budget is not null && taken > budget.Kept;

    /// <summary>Gives all memory up; what else belongs to the image is the caller's to give up.</summary>
    public void Drop()
    {
        (file, rewritten, rgba, turned, known, baseline) = ([], [], [], [], [], null);
        (dropped, taken) = (taken, 0);
    }

    /// <summary>Ends with an image: what was given up is for the threads that share the budget.</summary>
    public void Return()
    {
        if (budget is null || !isDecoding)
            return;
        budget.Return(dropped);
        (dropped, isDecoding) = (0, false);
    }

    private static void RequireLength(long length, string path)
    {
        if (length is 0 or > LargestFile)
            throw new DataException($"'{path}' has {length} bytes; an image has between 1 byte and 1 GiB.", path);
    }
}
