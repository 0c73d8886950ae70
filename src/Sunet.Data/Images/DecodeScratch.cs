using Sunet.Native.Checkpoints;

namespace Sunet.Data.Images;

/// <summary>The working memory of one decoding thread: the file's bytes, the rewritten PNG, and the decoder's RGBA pixels.</summary>
internal sealed class DecodeScratch
{
    private byte[] file = [];
    private byte[] rewritten = [];
    private byte[] rgba = [];

    /// <summary>The bytes of all files read so far.</summary>
    public long BytesRead { get; private set; }

    /// <summary>Reads a whole file; the span is valid until the next call.</summary>
    /// <exception cref="DataException">The file is missing, unreadable, empty or over 1 GiB.</exception>
    public ReadOnlySpan<byte> ReadFile(string path)
    {
        const long LargestFile = 1L << 30;
        try
        {
            using var handle = RegularFile.OpenHandle(path);
            long length = RandomAccess.GetLength(handle);
            if (length is 0 or > LargestFile)
                throw new DataException($"'{path}' has {length} bytes; an image has between 1 byte and 1 GiB.", path);
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

    /// <summary>Reads a whole file as a stream over this memory; valid until the next call, and its buffer is visible.</summary>
    /// <exception cref="DataException">As for <see cref="ReadFile"/>.</exception>
    public MemoryStream OpenFile(string path)
    {
        int length = ReadFile(path).Length;
        return new MemoryStream(file, 0, length, writable: false, publiclyVisible: true);
    }

    /// <summary>Memory for a rewritten PNG.</summary>
    public Span<byte> ReserveRewritten(int length) => GrowOnly.Reserve(ref rewritten, length);

    /// <summary>Memory for decoded RGBA pixels.</summary>
    public Span<byte> ReserveRgba(int length) => GrowOnly.Reserve(ref rgba, length);
}
