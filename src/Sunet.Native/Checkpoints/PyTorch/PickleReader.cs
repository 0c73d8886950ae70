using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// Interprets pickles one behind the other. An opcode that is not on the list is refused, and whatever is made with a global that is not
/// on the list is opaque; nothing in a file is executed, looked up in an assembly, or trusted. Nothing recurses, so that nesting costs no
/// stack.
/// </summary>
internal ref struct PickleReader
{
    private const int HighestProtocol = 5;

    // What objects take, roughly, with the growth of what they are kept in.
    private const int IntegerBytes = 24, TextBytes = 24, ListBytes = 32, MemoBytes = 56, ViewBytes = 128, TensorBytes = 256;
    private const int DictionaryBytes = 24, FirstItemBytes = 120, ItemBytes = 40;

    private static readonly object NoScalar = new(), True = true, False = false;

    private readonly ReadOnlySpan<byte> bytes;
    private readonly PickledStorages storages;
    private readonly PickleBudget budget;
    private readonly PickleGlobals globals = new();
    private readonly PickleStack stack;
    private readonly Dictionary<uint, object?> memo = [];

    /// <param name="bytes">The pickles.</param>
    /// <param name="storages">Where the storages they refer to are gathered.</param>
    /// <param name="budget">What may be spent.</param>
    public PickleReader(ReadOnlySpan<byte> bytes, PickledStorages storages, PickleBudget budget)
    {
        this.bytes = bytes;
        this.storages = storages;
        this.budget = budget;
        stack = new PickleStack(budget);
    }

    /// <summary>Where the next pickle starts.</summary>
    public int Position { get; private set; }

    /// <summary>Reads one pickle.</summary>
    /// <exception cref="FormatException">It is damaged; the message is a clause.</exception>
    /// <exception cref="NotSupportedException">It holds what is not read; the message is a clause.</exception>
    public object? Read()
    {
        stack.Clear();
        memo.Clear();
        while (true)
        {
            budget.Spend(1);
            var opcode = (PickleOpcode)Take(1)[0];
            if (opcode == PickleOpcode.Stop)
                return stack.Whole;
            if (!TryScalar(opcode) && !TryCollection(opcode) && !TryMemo(opcode) && !TryCall(opcode))
                throw new NotSupportedException($"pickle opcode 0x{(byte)opcode:x2} is not allowed in a checkpoint");
        }
    }

    private bool TryScalar(PickleOpcode opcode)
    {
        object? value = opcode switch
        {
            PickleOpcode.None => null,
            PickleOpcode.True => True,
            PickleOpcode.False => False,
            PickleOpcode.Int1 => PickledIntegers.Of(Take(1)[0]),
            PickleOpcode.Int2 => Integer(BinaryPrimitives.ReadUInt16LittleEndian(Take(2))),
            PickleOpcode.Int4 => Integer(BinaryPrimitives.ReadInt32LittleEndian(Take(4))),
            PickleOpcode.IntLine => Decimal(Line()), // how Python 2 writes what needs more than four bytes, such as the id of an object
            PickleOpcode.Long1 => Large(Take(Take(1)[0])),
            PickleOpcode.Unicode => Text(Take(Length())),
            PickleOpcode.ShortUnicode => Text(Take(Take(1)[0])),
            PickleOpcode.LongUnicode => Text(Take(LongLength())),
            PickleOpcode.String => Latin1(Take(Length())),
            PickleOpcode.ShortString => Latin1(Take(Take(1)[0])),
            PickleOpcode.Float => Skip(sizeof(double)),
            PickleOpcode.Long4 or PickleOpcode.Bytes => Skip(Length()),
            PickleOpcode.ShortBytes => Skip(Take(1)[0]),
            PickleOpcode.LongBytes or PickleOpcode.ByteArray => Skip(LongLength()),
            _ => NoScalar,
        };
        if (ReferenceEquals(value, NoScalar))
            return false;
        stack.Push(value);
        return true;
    }

    private readonly bool TryCollection(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Mark:
                stack.Mark();
                break;
            case PickleOpcode.Pop:
                stack.PopOrUnmark();
                break;
            case PickleOpcode.PopMark:
                stack.DropMarked();
                break;
            case PickleOpcode.EmptyTuple:
                stack.Push(Array.Empty<object?>());
                break;
            case PickleOpcode.Tuple1 or PickleOpcode.Tuple2 or PickleOpcode.Tuple3:
                stack.Push(stack.PopTuple(opcode - PickleOpcode.Tuple1 + 1));
                break;
            case PickleOpcode.Tuple:
                stack.Push(stack.PopMarked());
                break;
            case PickleOpcode.EmptyList:
                budget.Allocate(ListBytes);
                stack.Push(new List<object?>());
                break;
            case PickleOpcode.EmptyDictionary:
                budget.Allocate(DictionaryBytes);
                stack.Push(new PickledDictionary());
                break;
            case PickleOpcode.EmptySet:
                stack.Push(PickledOpaque.Set);
                break;
            case PickleOpcode.FrozenSet:
                stack.DropMarked();
                stack.Push(PickledOpaque.Set);
                break;
            default:
                return TryFill(opcode);
        }

        return true;
    }

    private readonly bool TryFill(PickleOpcode opcode)
    {
        switch (opcode)
        {
            case PickleOpcode.Append:
                object? element = stack.Pop();
                Append(stack.Top, [element]);
                break;
            case PickleOpcode.Appends:
                Append(stack.BelowMark, stack.Marked);
                stack.DropMarked();
                break;
            case PickleOpcode.SetItem:
                object? value = stack.Pop(), key = stack.Pop();
                SetItems(stack.Top, [key, value]);
                break;
            case PickleOpcode.SetItems:
                SetItems(stack.BelowMark, stack.Marked);
                stack.DropMarked();
                break;
            case PickleOpcode.AddItems:
                if (stack.BelowMark is not PickledOpaque)
                    throw new FormatException("elements are added to what is no set");
                stack.DropMarked();
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
                Remember(Take(1)[0]);
                break;
            case PickleOpcode.Put4:
                Remember(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)));
                break;
            case PickleOpcode.Memoize:
                Remember((uint)memo.Count);
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
                stack.Push(Global());
                break;
            case PickleOpcode.StackGlobal:
                if ((stack.Pop(), stack.Pop()) is not (string name, string space))
                    throw new FormatException("the name of a global is no text");
                stack.Push(globals.Find(space.AsSpan(), name));
                break;
            case PickleOpcode.OldInstance:
                object made = Global();
                stack.DropMarked();
                stack.Push(PickleCall.Old(made));
                break;
            case PickleOpcode.OldObject:
                stack.Push(PickleCall.Old(stack.PopMarked() is [{ } first, ..] ? first : null));
                break;
            case PickleOpcode.Reduce or PickleOpcode.NewObject:
                object? arguments = stack.Pop();
                stack.Push(Call(stack.Pop(), arguments));
                break;
            case PickleOpcode.NewObjectWithNames:
                stack.Pop();
                object? given = stack.Pop();
                stack.Push(Call(stack.Pop(), given));
                break;
            case PickleOpcode.Build:
                // Attributes, such as the versions in a state dict's _metadata, which no weight depends on.
                stack.Pop();
                if (stack.Top is not (PickledDictionary or PickledOpaque))
                    throw new FormatException("attributes are given to what has none");
                break;
            case PickleOpcode.PersistentId:
                budget.Allocate(ViewBytes);
                stack.Push(storages.Resolve(stack.Pop()));
                break;
            default:
                return false;
        }

        return true;
    }

    private object Global()
    {
        ReadOnlySpan<byte> module = Line();
        return globals.Find(module, Line());
    }

    private readonly object Call(object? function, object? arguments)
    {
        budget.Allocate(function is PickleGlobal { Kind: PickleGlobalKind.Tensor } ? TensorBytes : DictionaryBytes);
        return PickleCall.IsOfPairs(function, arguments, out List<object?>? pairs) ? OfPairs(pairs) : PickleCall.Make(function, arguments);
    }

    private readonly PickledDictionary OfPairs(List<object?> pairs)
    {
        budget.Spend(pairs.Count);
        var result = new PickledDictionary();
        foreach (object? pair in pairs)
        {
            if (pair is not List<object?> { Count: 2 } items)
                throw new FormatException("a dictionary is made of something else than pairs");
            Set(result, items[0], items[1]);
        }

        return result;
    }

    private readonly void Append(object? target, ReadOnlySpan<object?> values)
    {
        if (target is List<object?> list)
        {
            budget.Allocate(2L * IntPtr.Size * values.Length);
            list.AddRange(values);
        }
        else if (target is not PickledOpaque)
        {
            throw new FormatException("elements are appended to what is no list");
        }
    }

    private readonly void SetItems(object? target, ReadOnlySpan<object?> values)
    {
        if (values.Length % 2 != 0 || target is not (PickledDictionary or PickledOpaque))
            throw new FormatException("items are set in what is no dictionary");
        if (target is not PickledDictionary dictionary)
            return;
        for (int i = 0; i < values.Length; i += 2)
            Set(dictionary, values[i], values[i + 1]);
    }

    /// <summary>
    /// Sets an item. A history of training is often a dictionary a step: numbers and texts are not kept in a dictionary that has nothing
    /// else yet, except in the outermost, whose keys tell what a file without weights is.
    /// </summary>
    private readonly void Set(PickledDictionary dictionary, object? key, object? value)
    {
        if (dictionary.Items is null && value is not (PickledTensor or PickledDictionary) && !stack.IsBottom(dictionary))
            return;
        budget.Allocate(dictionary.Items is null ? FirstItemBytes : ItemBytes);
        dictionary.Set(key, value);
    }

    private readonly void Remember(uint index)
    {
        object? value = stack.Top;
        if (!memo.ContainsKey(index))
            budget.Allocate(MemoBytes);
        memo[index] = value;
    }

    private readonly void Recall(uint index) => stack.Push(memo.TryGetValue(index, out object? value)
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

    /// <summary>Takes what no weight depends on.</summary>
    private object? Skip(int count)
    {
        Take(count);
        return null;
    }

    private int Length() => Length(BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))));

    private int LongLength() => Length(BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong))));

    private static int Length(ulong length) =>
        length <= int.MaxValue ? (int)length : throw new FormatException($"it is truncated: a text has {length} bytes");

    private ReadOnlySpan<byte> Line()
    {
        int length = bytes[Position..].IndexOf((byte)'\n');
        if (length < 0)
            throw new FormatException("it is truncated: a name does not end");
        return Take(length + 1)[..^1];
    }

    private readonly long Integer(long value)
    {
        budget.Allocate(IntegerBytes);
        return value;
    }

    private readonly object Large(ReadOnlySpan<byte> number)
    {
        budget.Allocate((2 * IntegerBytes) + number.Length);
        return PickledIntegers.FromBytes(number);
    }

    private readonly long Decimal(ReadOnlySpan<byte> digits) =>
        long.TryParse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long value)
            ? Integer(value)
            : throw new FormatException("an integer is malformed");

    private readonly string Latin1(ReadOnlySpan<byte> text)
    {
        budget.Allocate(TextBytes + (2L * text.Length));
        return Encoding.Latin1.GetString(text);
    }

    private readonly string Text(ReadOnlySpan<byte> utf8)
    {
        budget.Allocate(TextBytes + (2L * utf8.Length));

        // Python writes half of a surrogate pair, which stands for a byte of a file's name that is no text; no weight is called so.
        return Utf8.IsValid(utf8) || utf8.IndexOf((byte)0xed) >= 0
            ? Encoding.UTF8.GetString(utf8)
            : throw new FormatException("a text is not UTF-8");
    }
}
