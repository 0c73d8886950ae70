namespace Sunet.Native.Checkpoints;

/// <summary>The named tensors of an open checkpoint file, whatever its format; disposing closes the file.</summary>
internal interface IStateDict : IDisposable
{
    /// <summary>The file's path as it was given.</summary>
    string Path { get; }

    /// <summary>The tensors' names in the order of the file.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>A tensor's dimensions, outermost first, none for a scalar; null where there is no tensor of that name.</summary>
    IReadOnlyList<int>? DimensionsOf(string name);

    /// <summary>Copies a tensor of double, single, half or brain floating point as single precision.</summary>
    /// <param name="name">The tensor's name.</param>
    /// <param name="destination">As many elements as the tensor has, row-major.</param>
    /// <exception cref="ArgumentException"><paramref name="destination"/> has another length than the tensor.</exception>
    /// <exception cref="CheckpointException">The file has no such tensor, it holds integers, or its data are damaged.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    void CopyFloats(string name, Span<float> destination);
}
