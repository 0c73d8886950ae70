using System.Text;

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
}

/// <summary>A global that a state dict is made with.</summary>
/// <param name="Name">Its module and name.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Element">The element type of a storage.</param>
internal sealed record PickleGlobal(string Name, PickleGlobalKind Kind, StoredType? Element = null);

/// <summary>
/// The globals of one file. Those that a state dict is made with are listed by their exact module and name, as torch._utils and
/// torch.serialization have them in versions from 0.3 on; every other one is opaque.
/// </summary>
internal sealed class PickleGlobals
{
    private const int LongestName = 256;
    private const int MostNames = 1024;

    private static readonly PickledOpaque Nameless = new($"a global of more than {LongestName} characters");

    private static readonly Dictionary<string, PickleGlobal>.AlternateLookup<ReadOnlySpan<char>> Known =
        All().ToDictionary(g => g.Name, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    private readonly Dictionary<string, PickledOpaque>.AlternateLookup<ReadOnlySpan<char>> others =
        new Dictionary<string, PickledOpaque>(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Finds a global.</summary>
    /// <param name="module">Its module, in UTF-8.</param>
    /// <param name="name">Its name within the module, in UTF-8.</param>
    /// <returns>A <see cref="PickleGlobal"/>, or a <see cref="PickledOpaque"/>, one object a name.</returns>
    public object Find(ReadOnlySpan<byte> module, ReadOnlySpan<byte> name)
    {
        if (module.Length + name.Length > LongestName)
            return Nameless;
        Span<char> decoded = stackalloc char[LongestName];
        int length = Encoding.UTF8.GetChars(module, decoded);
        int end = length + Encoding.UTF8.GetChars(name, decoded[length..]);
        return Find((ReadOnlySpan<char>)decoded[..length], decoded[length..end]);
    }

    /// <summary>Finds a global by text.</summary>
    public object Find(ReadOnlySpan<char> module, ReadOnlySpan<char> name)
    {
        if (module.Length + name.Length > LongestName)
            return Nameless;

        // A space joins them, which neither part of a listed name has, so that no other pair reads the same.
        Span<char> joined = stackalloc char[LongestName + 1];
        module.CopyTo(joined);
        joined[module.Length] = ' ';
        name.CopyTo(joined[(module.Length + 1)..]);
        joined = joined[..(module.Length + 1 + name.Length)];
        if (Known.TryGetValue(joined, out PickleGlobal? global))
            return global;
        if (others.TryGetValue(joined, out PickledOpaque? opaque))
            return opaque;
        if (others.Dictionary.Count == MostNames)
            return Nameless;
        opaque = new PickledOpaque(ShownText.Of($"{module}.{name}"));
        others[joined] = opaque;
        return opaque;
    }

    private static IEnumerable<PickleGlobal> All()
    {
        (string Name, StoredType Type)[] storages =
        [
            ("Double", StoredType.Float64), ("Float", StoredType.Float32), ("Half", StoredType.Float16), ("BFloat16", StoredType.BFloat16),
            ("Long", StoredType.Int64), ("Int", StoredType.Int32), ("Short", StoredType.Int16), ("Char", StoredType.Int8),
            ("Byte", StoredType.UInt8), ("Bool", StoredType.Bool),
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
        ];
    }
}
