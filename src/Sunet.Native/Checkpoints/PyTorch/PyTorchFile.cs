using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Sunet.Native.Files;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// The state dict in a file of torch.save, of the zip format (PyTorch from 1.6) or the one before it, mapped into memory. The pickle in it
/// is interpreted by a list of what may occur, never executed. Tensors may share storages and be strided. While it is open the file must
/// not be truncated in place.
/// </summary>
internal sealed class PyTorchFile : IStateDict
{
    private const long SpareBytes = 32 << 20;

    private readonly MappedFile file;
    private readonly Dictionary<string, PickledTensor> tensors = new(StringComparer.Ordinal);
    private readonly List<string> names = [];

    /// <summary>The storage that was unpacked last, since tensors may share one.</summary>
    private (PickledStorage Storage, byte[] Content)? unpacked;

    /// <summary>Takes ownership of a valid file. If the file is invalid, it stays with the caller.</summary>
    /// <exception cref="FormatException">The file is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">The file holds what is not read; the message is a clause.</exception>
    internal PyTorchFile(MappedFile file, string? entry = null)
    {
        this.file = file;
        object? saved = PyTorchFormats.Read(file, new PickledStorages());
        PickledStateDict found = StateDictSearch.Find(saved, entry, out IReadOnlyList<string> others);
        (Entry, OtherEntries) = (found.Entry, others);
        IsEntryUnusual = found is { Entry.Length: > 0, Rank: null };
        foreach ((object? key, object? value) in found.Tensors.Items ?? [])
        {
            if (key is not string name || value is not PickledTensor tensor)
                continue;
            if (!tensors.TryAdd(name, tensor))
                throw new FormatException($"tensor '{ShownText.Of(name)}' occurs twice");
            names.Add(name);
        }

        // Views of one storage, repeated elements and compressed zeros could make any amount of memory out of a small file.
        long most = (2 * file.Length) + SpareBytes;
        PickledTensor[] floats = [.. tensors.Values.Where(t => t.Storage.Element.IsFloat())];
        long bytes = Math.Max(floats.Sum(t => t.Count * sizeof(float)),
            floats.Where(t => t.Storage.Content is { IsDeflated: true }).Select(t => t.Storage.Bytes).DefaultIfEmpty().Max());
        if (bytes > most)
            throw new FormatException($"its tensors would take {bytes} bytes, though it has only {file.Length}");
    }

    /// <inheritdoc/>
    public string Path => file.Path;

    /// <summary>The tensors' names in the order of the state dict, as they stand there.</summary>
    public IReadOnlyList<string> Names => names;

    /// <summary>
    /// The entry whose state dict this is: the keys that lead to it, joined by dots; empty where the file holds a state dict alone.
    /// </summary>
    public string Entry { get; }

    /// <summary>Other entries that have about as many tensors, such as a moving average of the weights.</summary>
    public IReadOnlyList<string> OtherEntries { get; }

    /// <summary>Whether the entry is one that weights are rarely in, so that the caller should hear of it.</summary>
    internal bool IsEntryUnusual { get; }

    /// <summary>Opens a file and interprets its pickle; elements are read when they are asked for.</summary>
    /// <param name="path">Such as <c>checkpoint.pth.tar</c>; the extension does not matter.</param>
    /// <param name="entry">The entry whose state dict is meant; null for the usual one.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing, unreadable, damaged, or no state dict; or it has several and none of them is usual, which the message lists.
    /// </exception>
    public static PyTorchFile Open(string path, string? entry = null) => MappedFile.Open(path, file => PyTorchFormats.Recognises(file)
        ? new PyTorchFile(file, entry)
        : throw new FormatException("it is no file of torch.save"));

    /// <inheritdoc/>
    public IReadOnlyList<int>? DimensionsOf(string name) => tensors.TryGetValue(name, out PickledTensor? tensor) ? tensor.Dimensions : null;

    /// <summary>Finds a tensor's element type.</summary>
    /// <returns>Whether there is a tensor of that name.</returns>
    public bool TryGetType(string name, [NotNullWhen(true)] out StoredType? type)
    {
        type = tensors.TryGetValue(name, out PickledTensor? tensor) ? tensor.Storage.Element : null;
        return type is not null;
    }

    /// <summary>A tensor's elements, row-major.</summary>
    /// <typeparam name="T">double, float, Half, long, int, short, sbyte or byte, as the tensor's elements are.</typeparam>
    /// <exception cref="CheckpointException">There is no such tensor, it is of another type, or its data are damaged.</exception>
    /// <exception cref="NotSupportedException"><typeparamref name="T"/> is none of these.</exception>
    /// <exception cref="ObjectDisposedException">The file was disposed.</exception>
    public T[] Read<T>(string name) where T : unmanaged
    {
        PickledTensor tensor = Get(name);
        StoredType wanted = StoredTypes.Of<T>();
        if (tensor.Storage.Element != wanted)
            throw WrongType(name, tensor, wanted.FormatName() + " is");
        var result = new T[tensor.Count];
        Bytes(tensor).CopyTo(MemoryMarshal.AsBytes(result.AsSpan()));
        return result;
    }

    /// <inheritdoc/>
    public void CopyFloats(string name, Span<float> destination)
    {
        PickledTensor tensor = Get(name);
        if (tensor.Count != destination.Length)
        {
            throw new ArgumentException(
                $"Tensor '{name}' has {tensor.Count} elements; the destination has {destination.Length}.", nameof(destination));
        }

        if (!tensor.Storage.Element.IsFloat())
            throw WrongType(name, tensor, "floats are");
        tensor.Storage.Element.ToFloats(Bytes(tensor), destination);
        if (tensor.Storage.Content is { } content)
            file.Release(content.Position, content.Packed);
    }

    /// <summary>Unmaps the file.</summary>
    public void Dispose() => file.Dispose();

    private PickledTensor Get(string name)
    {
        ObjectDisposedException.ThrowIf(file.IsDisposed, this);
        return tensors.TryGetValue(name, out PickledTensor? tensor)
            ? tensor
            : throw new CheckpointException($"Checkpoint '{Path}' has no tensor '{name}'.", Path);
    }

    private CheckpointException WrongType(string name, PickledTensor tensor, string wanted) => new(
        $"Tensor '{name}' of checkpoint '{Path}' holds {tensor.Storage.Element.FormatName()} where {wanted} needed.", Path);

    /// <summary>A tensor's elements, row-major: in place where they stand so, else gathered.</summary>
    private ReadOnlySpan<byte> Bytes(PickledTensor tensor)
    {
        if (tensor.Count == 0)
            return [];
        PickledStorage storage = tensor.Storage;
        if (storage.Bytes > int.MaxValue)
        {
            throw new CheckpointException(
                $"Storage '{storage.Key}' of checkpoint '{Path}' takes {storage.Bytes} bytes, too many to read at once.", Path);
        }

        ReadOnlySpan<byte> all = Bytes(storage);
        int size = storage.Element.Bytes();
        return tensor.IsContiguous
            ? all.Slice((int)(tensor.Start * size), (int)(tensor.Count * size))
            : StridedCopy.Gather(all, tensor, size);
    }

    private ReadOnlySpan<byte> Bytes(PickledStorage storage)
    {
        if (unpacked is { } last && last.Storage == storage)
            return last.Content;
        ZipEntry content = storage.Content!.Value;
        try
        {
            ReadOnlySpan<byte> bytes = content.Read(file, $"storage '{storage.Key}'");
            if (content.IsDeflated)
                unpacked = (storage, bytes.ToArray());
            storage.Content = content with { Checksum = 0 }; // found right once
            return bytes;
        }
        catch (FormatException e)
        {
            throw new CheckpointException($"Checkpoint '{Path}' is damaged: {e.Message}.", Path, e);
        }
    }
}
