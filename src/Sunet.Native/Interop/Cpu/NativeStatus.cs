namespace Sunet.Native.Interop.Cpu;

/// <summary>Converts a status of the native library's C ABI into the matching exception.</summary>
internal static class NativeStatus
{
    public const int Ok = 0;
    public const int InvalidArgument = 1;
    public const int OutOfMemory = 2;
    public const int Unsupported = 3;
    public const int LibraryFailed = 4;
    public const int Internal = 5;

    /// <summary>Throws the exception that <paramref name="status"/> stands for, with the library's own message.</summary>
    /// <param name="status">What the call returned.</param>
    /// <param name="message">The buffer the call was given.</param>
    /// <param name="library">The library's file, such as <c>libsunet_cpu.so</c>.</param>
    /// <param name="layer">The layer at work; null outside a plan.</param>
    /// <param name="bytes">The bytes that were asked for, where the call allocates.</param>
    /// <exception cref="ArgumentException">The caller's arguments contradict each other.</exception>
    /// <exception cref="MemoryException">Host memory does not suffice.</exception>
    /// <exception cref="BackendException">Every other failure.</exception>
    public static void ThrowIfFailed(int status, in NativeMessage message, string library, string? layer = null, long bytes = 0)
    {
        if (status != Ok)
            throw Failure(status, message.ToString(), library, layer, bytes);
    }

    /// <summary>Throws the exception for the status of a kernel, which comes without a message.</summary>
    /// <param name="status">What the kernel returned.</param>
    /// <param name="kernel">The kernel's name, for the sentence.</param>
    /// <param name="library">The library's file.</param>
    /// <param name="layer">The layer at work; null outside a plan.</param>
    public static void ThrowIfFailed(int status, string kernel, string library, string? layer = null)
    {
        if (status == Ok)
            return;
        string text = status switch
        {
            InvalidArgument => $"The kernel {kernel} does not take this combination of shapes and layouts.",
            OutOfMemory => $"The kernel {kernel} ran out of host memory.",
            Unsupported => $"The kernel {kernel} has no implementation for this combination.",
            _ => $"The kernel {kernel} failed with status {status}.",
        };
        throw Failure(status, text, library, layer, 0);
    }

    private static Exception Failure(int status, string text, string library, string? layer, long bytes)
    {
        string sentence = layer is null ? text : $"{layer}: {text}";
        return status switch
        {
            InvalidArgument => new ArgumentException(sentence),
            OutOfMemory => bytes > 0
                ? new MemoryException($"{sentence} It was for {bytes:N0} bytes; a smaller batch or image needs less.", bytes)
                : new MemoryException(sentence, bytes),
            Unsupported => new BackendException(
                sentence.Length > 0 ? $"This CPU or oneDNN version cannot do it: {sentence}" : "oneDNN has no implementation for it.",
                library, status, layer),
            _ => new BackendException(sentence, library, status, layer),
        };
    }
}
