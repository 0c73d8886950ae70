using System.Buffers.Binary;
using System.IO.Hashing;
using System.Numerics;
using Sunet.Native.Files;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// The two formats of torch.save: a zip archive since PyTorch 1.6, and before that a row of pickles with the storages' elements behind them
/// (torch/serialization.py, _save and _legacy_save).
/// </summary>
internal static class PyTorchFormats
{
    private const int HeadBytes = 512;
    private const long SpareBytes = 16 << 20;
    private const int HighestProtocol = 5;
    private const long LegacyProtocol = 1001;

    private static readonly BigInteger LegacyMagic = new(MagicBytes, isUnsigned: true);

    /// <summary>0x1950a86a20f9469cfc6c, little-endian.</summary>
    private static ReadOnlySpan<byte> MagicBytes => [0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    /// <summary>Whether a file is one of PyTorch's.</summary>
    /// <exception cref="NotSupportedException">It is of a kind that is not read: a tar archive, or a pickle of another program.</exception>
    public static bool Recognises(MappedFile file)
    {
        ReadOnlySpan<byte> head = Head(file);
        if (head.Length > 262 && head[257..262].SequenceEqual("ustar"u8))
            throw new NotSupportedException("it is a tar archive of PyTorch before 0.1.10; load it there and save it again");
        if (ZipDirectory.Recognises(head) || IsLegacy(head))
            return true;
        // The length in front of a safetensors header may begin as a pickle does, so its brace decides.
        if (head is [(byte)PickleOpcode.Protocol, >= 2 and <= HighestProtocol, _, _, _, _, _, _, not (byte)'{', ..])
            throw new NotSupportedException("it is a pickle, but not one that torch.save wrote");
        return false;
    }

    /// <summary>Interprets the pickles of a file and finds the elements of every storage they refer to.</summary>
    /// <param name="file">A file that is recognised.</param>
    /// <param name="storages">Where its storages are gathered.</param>
    /// <returns>The object that was saved.</returns>
    /// <exception cref="FormatException">The file is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">It holds what is not read.</exception>
    public static object? Read(MappedFile file, PickledStorages storages) =>
        ZipDirectory.Recognises(Head(file)) ? ReadZip(file, storages) : ReadLegacy(file, storages);

    private static ReadOnlySpan<byte> Head(MappedFile file) => file.Slice(0, (int)Math.Min(file.Length, HeadBytes));

    private static bool IsLegacy(ReadOnlySpan<byte> head) =>
        head.Length > 2 && head[0] == (byte)PickleOpcode.Protocol && head[..Math.Min(head.Length, 32)].IndexOf(MagicBytes) >= 0;

    private static object? ReadZip(MappedFile file, PickledStorages storages)
    {
        Dictionary<string, ZipEntry> entries = ZipDirectory.Read(file);
        string root = entries.Keys.FirstOrDefault(n => !IsOfMacOS(n))?.Split('/')[0] ?? "";
        if (entries.Keys.Any(n => !IsOfMacOS(n) && !n.StartsWith(root + "/", StringComparison.Ordinal)))
            throw new FormatException($"not all entries of the archive are in '{root}'");
        if (entries.ContainsKey($"{root}/constants.pkl"))
            throw new NotSupportedException("it is a TorchScript program, which would be code; save the model's state_dict() instead");
        if (!entries.TryGetValue($"{root}/data.pkl", out ZipEntry pickle))
            throw new NotSupportedException("it is an archive without 'data.pkl', not one that torch.save wrote");
        if (entries.TryGetValue($"{root}/byteorder", out ZipEntry order) && !Content(file, order, "byteorder").SequenceEqual("little"u8))
            throw new NotSupportedException("its elements are not little-endian");

        var reader = new PickleReader(Content(file, pickle, "data.pkl"), storages, new PickleBudget(file.Length));
        object? saved = reader.Read();
        if (reader.Position != pickle.Bytes)
            throw new FormatException($"{pickle.Bytes - reader.Position} bytes follow the pickle in 'data.pkl'");
        foreach (PickledStorage storage in storages.All)
        {
            if (!entries.TryGetValue($"{root}/data/{storage.Key}", out ZipEntry entry) || entry.Bytes != storage.Bytes)
                throw new FormatException($"storage '{storage.Key}' is missing or does not have {storage.Bytes} bytes");
            storage.Content = entry;
        }

        return saved;
    }

    /// <summary>What macOS adds to an archive that is made anew with it.</summary>
    private static bool IsOfMacOS(string name) => name.StartsWith("__MACOSX/", StringComparison.Ordinal);

    private static ReadOnlySpan<byte> Content(MappedFile file, ZipEntry entry, string name)
    {
        if (entry.Bytes > int.MaxValue)
            throw new NotSupportedException($"'{name}' takes {entry.Bytes} bytes");
        if (entry.IsDeflated && entry.Bytes > file.Length + SpareBytes)
            throw new NotSupportedException($"'{name}' is compressed from {entry.Bytes} bytes, too many for a file of {file.Length}");
        return entry.Read(file, $"'{name}'");
    }

    private static object? ReadLegacy(MappedFile file, PickledStorages storages)
    {
        var reader = new PickleReader(file.Slice(0, (int)Math.Min(file.Length, int.MaxValue)), storages, new PickleBudget(file.Length));
        if (reader.Read() is not BigInteger magic || magic != LegacyMagic)
            throw new FormatException("its magic number is wrong");
        if (reader.Read() is not LegacyProtocol)
            throw new NotSupportedException($"it is of another version than {LegacyProtocol} of torch.save");
        if (reader.Read() is not PickledDictionary system || system["little_endian"] is not true)
            throw new NotSupportedException("its elements are not little-endian");
        object? saved = reader.Read();
        if (storages.NotRead is { } unknown)
        {
            throw new NotSupportedException(
                $"it has storages of '{unknown}', whose size is not known; save the model's state_dict() alone");
        }

        if (reader.Read() is not List<object?> keys || keys.Count != storages.All.Count)
            throw new FormatException("its list of storages does not agree with the tensors");

        long position = reader.Position;
        foreach (object? key in keys)
        {
            if (key is not string text || storages.Find(text) is not { Content: null } storage)
                throw new FormatException("a storage is listed twice or belongs to no tensor");
            if (position > file.Length - sizeof(long)
                || BinaryPrimitives.ReadInt64LittleEndian(file.Slice(position, sizeof(long))) != storage.Count
                || storage.Bytes > file.Length - sizeof(long) - position)
            {
                throw new FormatException($"it is truncated: storage '{text}' does not have {storage.Count} elements");
            }

            position += sizeof(long);
            storage.Content = new ZipEntry(position, storage.Bytes, storage.Bytes, IsDeflated: false, Checksum: 0);
            position += storage.Bytes;
        }

        return position == file.Length ? saved : throw new FormatException($"{file.Length - position} bytes follow the last storage");
    }
}
