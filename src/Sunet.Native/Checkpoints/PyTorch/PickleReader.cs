using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// Interprets pickles one behind the other. An opcode or a global that is not on the lists is refused; nothing in a file is executed,
/// looked up in an assembly, or trusted. Nothing recurses, so that nesting costs no stack.
/// </summary>
internal ref struct PickleReader
{
    private const int HighestProtocol = 5;
    private const int DeepestMark = 1000;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly object NoScalar = new();

    private readonly ReadOnlySpan<byte> bytes;
    private readonly PickledStorages storages;
    private readonly PickleBudget budget;
    private readonly List<object?> stack = [];
    private readonly List<int> marks = [];
    private readonly Dictionary<uint, object?> memo = [];

    /// <param name="bytes">The pickles.</param>
    /// <param name="storages">Where the storages they refer to are gathered.</param>
    /// <param name="budget">What may be spent.</param>
    public PickleReader(ReadOnlySpan<byte> bytes, PickledStorages storages, PickleBudget budget)
    {
        this.bytes = bytes;
        this.storages = storages;
        this.budget = budget;
    }

    /// <summary>Where the next pickle starts.</summary>
    public int Position { get; private set; }

    /// <summary>Reads one pickle.</summary>
    /// <exception cref="FormatException">It is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">It holds what is not allowed; the message is a clause that names it.</exception>
    public object? Read()
    {
        stack.Clear();
        marks.Clear();
        memo.Clear();
        while (true)
        {
            budget.Spend(1);
            var opcode = (PickleOpcode)Take(1)[0];
            if (opcode == PickleOpcode.Stop)
                return stack.Count == 1 && marks.Count == 0 ? stack[0] : throw new FormatException("a pickle ends within an object");
            if (!TryScalar(opcode) && !TryCollection(opcode) && !TryMemo(opcode) && !TryCall(opcode))
                throw new NotSupportedException($"pickle opcode 0x{(byte)opcode:x2} is not allowed in a checkpoint");
        }
    }

    private bool TryScalar(PickleOpcode opcode)
    {
        object? value = opcode switch
        {
            PickleOpcode.None => null,
            PickleOpcode.True => true,
            PickleOpcode.False => false,
            PickleOpcode.Int1 => (long)Take(1)[0],
            PickleOpcode.Int2 => (long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2)),
            PickleOpcode.Int4 => (long)BinaryPrimitives.ReadInt32LittleEndian(Take(4)),
            PickleOpcode.IntLine => Decimal(Line()), // how Python 2 writes what needs more than four bytes, such as the id of an object
            PickleOpcode.Long1 => PickledIntegers.FromBytes(Take(Take(1)[0])),
            PickleOpcode.Float => BinaryPrimitives.ReadDoubleBigEndian(Take(8)),
            PickleOpcode.Unicode => Text(Take(Length())),
            PickleOpcode.ShortUnicode => Text(Take(Take(1)[0])),
            PickleOpcode.String => Encoding.Latin1.GetString(Take(Length())),
            PickleOpcode.ShortString => Encoding.Latin1.GetString(Take(Take(1)[0])),
            PickleOpcode.Bytes => Ignore(Take(Length())),
            PickleOpcode.ShortBytes => Ignore(Take(Take(1)[0])),
            _ => NoScalar,
        };
        if (ReferenceEquals(value, NoScalar))
            return false;
        stack.Add(value);
        return true;
    }

    private bool TryCollection(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark:
                if (marks.Count == DeepestMark)
                    throw new NotSupportedException($"its objects nest deeper than {DeepestMark} levels");
                marks.Add(stack.Count);
                break;
            case PickleOpcode.EmptyTuple:
                stack.Add(Array.Empty<object?>());
                break;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                stack.Add(PopTuple(opcode - PickleOpcode.Tuple1 + 1));
                break;
            case PickleOpcode.Tuple:
                stack.Add(PopMarked());
                break;
            case PickleOpcode.EmptyList:
                stack.Add(new List<object?>());
                break;
            case PickleOpcode.Append:
                Append([Pop()]);
                break;
            case PickleOpcode.Appends:
                Append(PopMarked());
                break;
            case PickleOpcode.EmptyDictionary:
                stack.Add(new PickledDictionary());
                break;
            case PickleOpcode.SetItem:
                SetItems(PopTuple(2));
                break;
            case PickleOpcode.SetItems:
                SetItems(PopMarked());
                break;
            default:
                return false;
        }

        return true;
    }

    private bool TryMemo(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Put1:
                memo[Take(1)[0]] = Top();
                break;
            case PickleOpcode.Put4:
                memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Top();
                break;
            case PickleOpcode.Memoize:
                memo[(uint)memo.Count] = Top();
                break;
            case PickleOpcode.Get1:
                Recall(Take(1)[0]);
                break;
            case PickleOpcode.Get4:
                Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            default:
                return false;
        }

        return true;
    }

    private bool TryCall(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Protocol:
                byte protocol = Take(1)[0];
                if (protocol > HighestProtocol)
                    throw new FormatException($"a pickle is of protocol {protocol}");
                break;
            case PickleOpcode.Frame:
                Take(sizeof(ulong)); // only says how far one may read ahead
                break;
            case PickleOpcode.Global:
                ReadOnlySpan<byte> module = Line();
                stack.Add(PickleGlobals.Find(module, Line()));
                break;
            case PickleOpcode.StackGlobal:
                object?[] names = PopTuple(2);
                if (names is not [string spaceName, string name])
                    throw new FormatException("the name of a global is no text");
                stack.Add(PickleGlobals.Find(Encoding.UTF8.GetBytes(spaceName), Encoding.UTF8.GetBytes(name)));
                break;
            case PickleOpcode.Reduce or PickleOpcode.NewObject:
                object? arguments = Pop();
                stack.Add(Call(Pop(), arguments));
                break;
            case PickleOpcode.Build:
                // Attributes, such as the versions in a state dict's _metadata, which no weight depends on.
                Pop();
                if (Top() is not (PickledDictionary or PickledIgnored))
                    throw new FormatException("attributes are given to what has none");
                break;
            case PickleOpcode.PersistentId:
                stack.Add(storages.Resolve(Pop()));
                break;
            default:
                return false;
        }

        return true;
    }

    private readonly object Call(object? function, object? arguments)
    {
        if (function is not PickleGlobal global)
            throw new FormatException("what is called is no function");
        if (arguments is not object?[] values)
            throw new FormatException($"the arguments of '{global.Name}' are no tuple");
        return (global.Kind, values) switch
        {
            (PickleGlobalKind.Tensor, _) => PickledTensor.FromArguments(values),
            (PickleGlobalKind.Parameter, [PickledTensor tensor, ..]) => tensor,
            (PickleGlobalKind.Size, [object?[] size]) => size,
            (PickleGlobalKind.Dictionary, []) or (PickleGlobalKind.DefaultDictionary, _) => new PickledDictionary(),
            (PickleGlobalKind.Dictionary, [List<object?> pairs]) => OfPairs(pairs), // as Python 2 pickles it
            (PickleGlobalKind.Ignored, _) => PickledIgnored.Instance,
            _ => throw new FormatException($"'{global.Name}' is called with {values.Length} arguments that do not fit it"),
        };
    }

    private readonly PickledDictionary OfPairs(List<object?> pairs)
    {
        budget.Spend(pairs.Count);
        var result = new PickledDictionary();
        foreach (object? pair in pairs)
        {
            if (pair is not List<object?> { Count: 2 } items)
                throw new FormatException("a dictionary is made of something else than pairs");
            result.Set(items[0], items[1]);
        }

        return result;
    }

    private readonly void Append(object?[] values)
    {
        if (Top() is List<object?> list)
            list.AddRange(values);
        else if (Top() is not PickledIgnored)
            throw new FormatException("elements are appended to what is no list");
    }

    private readonly void SetItems(object?[] values)
    {
        if (values.Length % 2 != 0 || Top() is not (PickledDictionary or PickledIgnored))
            throw new FormatException("items are set in what is no dictionary");
        if (Top() is not PickledDictionary dictionary)
            return;
        for (int i = 0; i < values.Length; i += 2)
            dictionary.Set(values[i], values[i + 1]);
    }

    /// <summary>Where the objects behind the last open mark begin.</summary>
    private readonly int Floor => marks.Count > 0 ? marks[^1] : 0;

    private readonly object? Top() => stack.Count > Floor ? stack[^1] : throw UsesTooMany();

    private readonly object? Pop()
    {
        object? top = Top();
        stack.RemoveAt(stack.Count - 1);
        return top;
    }

    private readonly object?[] PopTuple(int count)
    {
        if (stack.Count - Floor < count)
            throw UsesTooMany();
        object?[] values = [.. CollectionsMarshal.AsSpan(stack)[^count..]];
        stack.RemoveRange(stack.Count - count, count);
        return values;
    }

    private readonly object?[] PopMarked()
    {
        if (marks.Count == 0)
            throw new FormatException("a pickle closes what it did not open");
        object?[] values = PopTuple(stack.Count - Floor);
        marks.RemoveAt(marks.Count - 1);
        return values;
    }

    private readonly void Recall(uint index) => stack.Add(memo.TryGetValue(index, out object? value)
        ? value
        : throw new FormatException($"object {index} is used before it is made"));

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count > bytes.Length - Position)
            throw new FormatException("it is truncated: a pickle does not end");
        ReadOnlySpan<byte> taken = bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private int Length()
    {
        uint length = BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint)));
        return length <= int.MaxValue ? (int)length : throw new FormatException($"it is truncated: a text has {length} bytes");
    }

    private ReadOnlySpan<byte> Line()
    {
        int length = bytes[Position..].IndexOf((byte)'\n');
        if (length < 0)
            throw new FormatException("it is truncated: a name does not end");
        return Take(length + 1)[..^1];
    }

    private static FormatException UsesTooMany() => new("a pickle uses more objects than it made");

    private static long Decimal(ReadOnlySpan<byte> digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? value
            : throw new FormatException("an integer is malformed");

    private static string Text(ReadOnlySpan<byte> utf8)
    {
        try
        {
            return StrictUtf8.GetString(utf8);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("a text is not UTF-8", e);
        }
    }

    private static PickledIgnored Ignore(ReadOnlySpan<byte> _) => PickledIgnored.Instance;
}
