using System.Buffers.Binary;
using System.Text;

namespace Sunet.Native.Tests.Checkpoints.PyTorch;

/// <summary>Pickles written opcode by opcode, and the file of torch.save's older format around one.</summary>
internal sealed class PickleBuilder
{
    private readonly List<byte> bytes = [];

    public static byte[] SystemInfo { get; } = new PickleBuilder().Op("\x80\x02}").Text("little_endian").Op("\x88s.").ToArray();

    public byte[] ToArray() => [.. bytes];

    /// <summary>Opcodes and their bytes, one a character.</summary>
    public PickleBuilder Op(string latin1)
    {
        bytes.AddRange(Encoding.Latin1.GetBytes(latin1));
        return this;
    }

    public PickleBuilder Text(string text)
    {
        byte[] utf8 = Encoding.UTF8.GetBytes(text);
        return Op("X").Int(utf8.Length).Op(Encoding.Latin1.GetString(utf8));
    }

    public PickleBuilder Number(int value) => Op("J").Int(value);

    public PickleBuilder Global(string module, string name) => Op($"c{module}\n{name}\n");

    /// <summary>A view of all of storage '0', of so many floats.</summary>
    public PickleBuilder Storage(int count, string type = "FloatStorage", string module = "torch") =>
        Op("(").Text("storage").Global(module, type).Text("0").Text("cpu").Number(count).Op("NtQ");

    /// <summary>A tensor of so many elements of storage '0'.</summary>
    public PickleBuilder Tensor(int storageCount, int[] size, int[] stride, int offset = 0)
    {
        Global("torch._utils", "_rebuild_tensor_v2").Op("(").Storage(storageCount).Number(offset);
        foreach (int[] numbers in new[] { size, stride })
        {
            Op("(");
            foreach (int number in numbers)
                Number(number);
            Op("t");
        }

        return Op("\x89}tR");
    }

    /// <summary>The set of an entry: a dictionary of tensors of storage '0', one behind the other from an element on.</summary>
    public PickleBuilder StateDict(int storageCount, int first, IEnumerable<(string Name, int[] Size)> tensors)
    {
        Op("}(");
        foreach ((string name, int[] size) in tensors)
        {
            int[] strides = [.. size.Select((_, axis) => size[(axis + 1)..].Aggregate(1, (product, side) => product * side))];
            Text(name).Tensor(storageCount, size, strides, first);
            first += size.Aggregate(1, (product, side) => product * side);
        }

        return Op("u");
    }

    /// <summary>A file whose object is this pickle, with storage '0' of these elements.</summary>
    public byte[] ToFile(params float[] elements)
    {
        using MemoryStream file = new();
        file.Write(new PickleBuilder().Op("\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.").ToArray());
        file.Write(new PickleBuilder().Op("\x80\x02M\xe9\x03.").ToArray());
        file.Write(SystemInfo);
        file.Write(ToArray());
        PickleBuilder keys = new PickleBuilder().Op("\x80\x02]");
        file.Write((elements.Length == 0 ? keys : keys.Text("0").Op("a")).Op(".").ToArray());
        if (elements.Length > 0)
        {
            byte[] count = new byte[8];
            BinaryPrimitives.WriteInt64LittleEndian(count, elements.Length);
            file.Write(count);
            file.Write(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(elements));
        }

        return file.ToArray();
    }

    private PickleBuilder Int(int value)
    {
        byte[] number = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(number, value);
        bytes.AddRange(number);
        return this;
    }
}
