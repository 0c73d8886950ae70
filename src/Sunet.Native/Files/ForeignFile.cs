using System.Text;

namespace Sunet.Native.Files;

/// <summary>Tells what a file is that is taken for a checkpoint and is none.</summary>
internal static class ForeignFile
{
    private const int HeadBytes = 4096;
    private const int ShownCharacters = 60;

    private static readonly (byte[] Start, string What)[] Magics =
    [
        ([0x1f, 0x8b], "it is compressed with gzip; unpack it first"),
        ("BZh"u8.ToArray(), "it is compressed with bzip2; unpack it first"),
        ([0xfd, .. "7zXZ"u8, 0], "it is compressed with xz; unpack it first"),
        ([0x28, 0xb5, 0x2f, 0xfd], "it is compressed with zstd; unpack it first"),
        ([.. "7z"u8, 0xbc, 0xaf, 0x27, 0x1c], "it is a 7z archive; unpack it first"),
        ("Rar!"u8.ToArray(), "it is a RAR archive; unpack it first"),
        ([0x89, .. "HDF\r\n"u8, 0x1a, (byte)'\n'], "it is an HDF5 file, as Keras writes it, and not one of PyTorch's or safetensors"),
        ([0x93, .. "NUMPY"u8], "it is an array of NumPy, and not a file of PyTorch's or safetensors"),
        ("GGUF"u8.ToArray(), "it is a GGUF file, and not one of PyTorch's or safetensors"),
        ([0x89, .. "PNG"u8], "it is an image"),
        ([0xff, 0xd8, 0xff], "it is an image"),
    ];

    /// <summary>A clause on what a file is and what to do; null where it may be a checkpoint.</summary>
    public static string? Describe(MappedFile file)
    {
        ReadOnlySpan<byte> head = file.Slice(0, (int)Math.Min(file.Length, HeadBytes));
        // The length in front of a safetensors header may begin as anything does; below 4 GiB its upper half is zero.
        if (head is [_, _, _, _, 0, 0, 0, 0, (byte)'{', ..])
            return null;
        foreach ((byte[] start, string what) in Magics)
        {
            if (head.StartsWith(start))
                return what;
        }

        return head is [0x08, < 32, 0x12, ..]
            ? "it is an ONNX model, which has the network compiled in; use the checkpoint that it was exported from"
            : DescribeText(head);
    }

    private static string? DescribeText(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith("\uFEFF"u8))
            head = head[3..];
        ReadOnlySpan<byte> start = head.TrimStart(" \t\r\n"u8);
        if (start is [(byte)'<', (byte)'!' or (byte)'?' or (>= (byte)'A' and <= (byte)'Z') or (>= (byte)'a' and <= (byte)'z'), ..])
            return "it is a web page (HTML or XML), such as a server sends in place of the file; download the file itself";
        if (start.IsEmpty || head[..Math.Min(head.Length, ShownCharacters)].ContainsAnyExceptInRange((byte)'\t', (byte)'~'))
            return null;
        if (start.StartsWith("version https://git-lfs.github.com/spec/"u8))
            return "it is a Git LFS pointer, which stands for the file; fetch the file itself with 'git lfs pull'";
        if (start[0] == (byte)'{')
        {
            return start.IndexOf("\"weight_map\""u8) >= 0
                ? "it is an index of weights that are split over several files; save them as one file, such as with PyTorch"
                : "it is a JSON text, which has no weights";
        }

        int length = start.IndexOfAny((byte)'\r', (byte)'\n');
        string line = Encoding.ASCII.GetString(start[..Math.Min(length < 0 ? start.Length : length, ShownCharacters)]);
        return $"it is a text and begins with '{string.Concat(line.Select(c => char.IsControl(c) ? '?' : c))}'";
    }
}
