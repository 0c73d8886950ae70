namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>What a global of a pickle stands for.</summary>
internal enum PickleGlobalKind
{
    /// <summary>A class of storages; it is an argument and cannot be called.</summary>
    Storage,

    /// <summary>Makes a tensor of a storage, an offset, a size and strides.</summary>
    Tensor,

    /// <summary>Makes a parameter of a tensor.</summary>
    Parameter,

    /// <summary>Makes a dictionary, empty or of pairs.</summary>
    Dictionary,

    /// <summary>Makes a dictionary; what it is given is its default, which nothing here needs.</summary>
    DefaultDictionary,

    /// <summary>Makes a tuple of a tuple.</summary>
    Size,

    /// <summary>Something that stands beside weights and is not needed.</summary>
    Ignored,
}

/// <summary>A global that may occur in a checkpoint.</summary>
/// <param name="Name">Its module and name.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Element">The element type of a storage.</param>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, StoredType? Element = null);

/// <summary>
/// Every global that may occur in a checkpoint, by its exact module and name; any other is refused. The names of tensors and storages are
/// those of torch._utils and torch.serialization, in versions from 0.3 on.
/// </summary>
internal static class PickleGlobals
{
    private const int LongestName = 256;

    private static readonly Dictionary<string, PickleGlobal> Known = All().ToDictionary(g => g.Name, StringComparer.Ordinal);

    private static readonly Dictionary<string, PickleGlobal>.AlternateLookup<ReadOnlySpan<char>> BySpan =
        Known.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Finds a global.</summary>
    /// <param name="module">Its module, in UTF-8.</param>
    /// <param name="name">Its name within the module, in UTF-8.</param>
    /// <exception cref="NotSupportedException">It is not allowed; the message names it.</exception>
    public static PickleGlobal Find(ReadOnlySpan<byte> module, ReadOnlySpan<byte> name)
    {
        // A space joins them, which neither part of an allowed name has, so that no other pair reads the same.
        Span<char> joined = stackalloc char[LongestName];
        if (module.Length + name.Length + 1 <= LongestName)
        {
            int length = System.Text.Encoding.Latin1.GetChars(module, joined);
            joined[length++] = ' ';
            length += System.Text.Encoding.Latin1.GetChars(name, joined[length..]);
            if (BySpan.TryGetValue(joined[..length], out PickleGlobal? global))
                return global;
        }

        throw new NotSupportedException($"'{Printable(module)}.{Printable(name)}' is not allowed in a checkpoint; "
            + "what is read is a state dict, as torch.save(model.state_dict(), path) writes it");
    }

    private static IEnumerable<PickleGlobal> All()
    {
        (string Name, StoredType Type)[] storages =
        [
            ("Double", StoredType.Float64), ("Float", StoredType.Float32), ("Half", StoredType.Float16), ("BFloat16", StoredType.BFloat16),
            ("Long", StoredType.Int64), ("Int", StoredType.Int32), ("Short", StoredType.Int16), ("Char", StoredType.Int8),
            ("Byte", StoredType.UInt8), ("Bool", StoredType.Bool),
        ];
        string[] ignored =
        [
            "argparse Namespace", "collections Counter", "numpy dtype", "numpy ndarray", "numpy.core.multiarray scalar",
            "numpy._core.multiarray scalar", "numpy.core.multiarray _reconstruct", "numpy._core.multiarray _reconstruct", "_codecs encode",
            "builtins dict", "builtins list", "builtins set", "__builtin__ dict", "__builtin__ list", "__builtin__ set", "torch device",
            "torch float64", "torch float32", "torch float16", "torch bfloat16", "torch int64", "torch int32", "torch uint8", "torch bool",
        ];
        return
        [
            .. storages.Select(s => new PickleGlobal($"torch {s.Name}Storage", PickleGlobalKind.Storage, s.Type)),
            .. storages.Select(s => new PickleGlobal($"torch.cuda {s.Name}Storage", PickleGlobalKind.Storage, s.Type)),
            new("torch._utils _rebuild_tensor", PickleGlobalKind.Tensor),
            new("torch._utils _rebuild_tensor_v2", PickleGlobalKind.Tensor),
            new("torch._utils _rebuild_parameter", PickleGlobalKind.Parameter),
            new("torch._utils _rebuild_parameter_with_state", PickleGlobalKind.Parameter),
            new("torch.nn.parameter Parameter", PickleGlobalKind.Parameter),
            new("torch Size", PickleGlobalKind.Size),
            new("collections OrderedDict", PickleGlobalKind.Dictionary),
            new("collections defaultdict", PickleGlobalKind.DefaultDictionary),
            .. ignored.Select(name => new PickleGlobal(name, PickleGlobalKind.Ignored)),
        ];
    }

    private static string Printable(ReadOnlySpan<byte> name)
    {
        string text = System.Text.Encoding.UTF8.GetString(name[..Math.Min(name.Length, LongestName)]);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}
