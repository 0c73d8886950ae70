using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Files;

namespace Sunet.Native.Models.Saved;

/// <summary>Weights in any format that is read; the content tells which it is, not the extension.</summary>
internal static class CheckpointFile
{
    /// <summary>Opens safetensors and files of PyTorch's torch.save.</summary>
    /// <param name="path">The file.</param>
    /// <param name="entry">The entry of a file of torch.save whose state dict is meant; null for the usual one.</param>
    /// <returns>The open file, for the caller to dispose: a <see cref="SafetensorsFile"/> or a <see cref="PyTorchFile"/>.</returns>
    /// <exception cref="CheckpointException">
    /// The file is missing, unreadable, damaged, or of no such format, and the message says what it is; or it has no such entry.
    /// </exception>
    public static IStateDict Open(string path, string? entry = null) => MappedFile.Open(path, file => Parse(file, entry));

    /// <summary>Reads the rest of a stream into memory and opens it.</summary>
    /// <param name="stream">Less than 2 GiB; it stays open.</param>
    /// <param name="entry">As for a file.</param>
    /// <exception cref="CheckpointException">As for a file.</exception>
    public static IStateDict Open(Stream stream, string? entry = null) => MappedFile.Open(stream, file => Parse(file, entry));

    private static IStateDict Parse(MappedFile file, string? entry)
    {
        if (ForeignFile.Describe(file) is { } foreign)
            throw new NotSupportedException(foreign);
        if (PyTorchFormats.Recognises(file))
            return new PyTorchFile(file, entry);
        return entry is null
            ? new SafetensorsFile(file)
            : throw new NotSupportedException($"it is no file of torch.save, which alone has entries such as '{entry}'");
    }
}
