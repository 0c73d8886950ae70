namespace Sunet.Data.Images;

/// <summary>Writes encoded images to streams of a caller.</summary>
internal static class StreamFile
{
    /// <summary>Writes all bytes to where a stream is.</summary>
    /// <exception cref="DataException">The stream cannot be written.</exception>
    public static void Write(Stream stream, ReadOnlySpan<byte> contents)
    {
        ArgumentNullException.ThrowIfNull(stream);
        try
        {
            stream.Write(contents);
        }
        catch (Exception failure) when (failure is IOException or NotSupportedException)
        {
            throw new DataException($"The image cannot be written to its stream: {failure.Message}", inner: failure);
        }
    }
}
