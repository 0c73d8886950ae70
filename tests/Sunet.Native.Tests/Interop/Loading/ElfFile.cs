using System.Buffers.Binary;
using System.Text;

namespace Sunet.Native.Tests.Interop.Loading;

/// <summary>The dynamic symbols of a 64-bit little-endian ELF library: what it exports and which symbol versions it asks for.</summary>
internal sealed class ElfFile
{
    private const int SymbolTable = 11, VersionNeeds = 0x6ffffffe;
    private readonly byte[] image;
    private readonly List<Section> sections = [];

    public ElfFile(string path)
    {
        image = File.ReadAllBytes(path);
        Assert.Equal("\u007fELF\u0002\u0001"u8.ToArray(), image[..6]);
        long table = Int64(40);
        int size = Int16(58), count = Int16(60);
        for (int i = 0; i < count; i++)
        {
            int at = (int)table + i * size;
            sections.Add(new Section(Int32(at + 4), (int)Int64(at + 24), (int)Int64(at + 32), Int32(at + 40), Int32(at + 44)));
        }

        Exports = ReadExports();
        Versions = ReadVersions();
    }

    /// <summary>Symbols defined here that other libraries can see.</summary>
    public IReadOnlyList<string> Exports { get; }

    /// <summary>Such as <c>GLIBC_2.34</c>.</summary>
    public IReadOnlyList<string> Versions { get; }

    private List<string> ReadExports()
    {
        const int entry = 24;
        Section symbols = sections.Single(s => s.Type == SymbolTable);
        int names = sections[symbols.Link].Offset;
        List<string> found = [];
        for (int at = symbols.Offset; at < symbols.Offset + symbols.Size; at += entry)
        {
            bool defined = Int16(at + 6) != 0, local = image[at + 4] >> 4 == 0, visible = (image[at + 5] & 3) is 0 or 3;
            if (defined && !local && visible)
                found.Add(Text(names + Int32(at)));
        }

        return found;
    }

    private List<string> ReadVersions()
    {
        Section needs = sections.Single(s => s.Type == VersionNeeds);
        int names = sections[needs.Link].Offset;
        List<string> found = [];
        int file = needs.Offset;
        for (int i = 0; i < needs.Info; i++)
        {
            int version = file + Int32(file + 8);
            for (int j = 0; j < Int16(file + 2); j++)
            {
                found.Add(Text(names + Int32(version + 8)));
                version += Int32(version + 12);
            }

            file += Int32(file + 12);
        }

        return found;
    }

    private string Text(int at) => Encoding.ASCII.GetString(image.AsSpan(at, image.AsSpan(at).IndexOf((byte)0)));

    private int Int16(int at) => BinaryPrimitives.ReadUInt16LittleEndian(image.AsSpan(at));

    private int Int32(int at) => BinaryPrimitives.ReadInt32LittleEndian(image.AsSpan(at));

    private long Int64(long at) => BinaryPrimitives.ReadInt64LittleEndian(image.AsSpan((int)at));

    private readonly record struct Section(int Type, int Offset, int Size, int Link, int Info);
}
