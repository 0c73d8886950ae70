using Sunet.Native.Checkpoints.PyTorch;

namespace Sunet.Native.Checkpoints;

/// <summary>Weights in any format that is read; the content tells which it is, not the extension.</summary>
public static class CheckpointFile
{
    /// <summary>Opens safetensors and files of PyTorch's torch.save.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The open file, for the caller to dispose: a <see cref="SafetensorsFile"/> or a <see cref="PyTorchFile"/>.</returns>
    /// <exception cref="CheckpointException">The file is missing, unreadable, damaged, or of no such format.</exception>
    public static IStateDict Open(string path) => MappedFile.Open<IStateDict>(
        path, file => PyTorchFormats.Recognises(file) ? new PyTorchFile(file) : new SafetensorsFile(file));
}
