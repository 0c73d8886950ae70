namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// The opcodes of pickle (Python's Lib/pickle.py) that torch.save leads to, of protocols 2 to 4; there are others, and none of them is
/// interpreted.
/// </summary>
internal enum PickleOpcode : byte
{
    Mark = (byte)'(',
    Stop = (byte)'.',
    Protocol = 0x80,
    Frame = 0x95,

    None = (byte)'N',
    True = 0x88,
    False = 0x89,
    Int1 = (byte)'K',
    Int2 = (byte)'M',
    Int4 = (byte)'J',
    IntLine = (byte)'I',
    Long1 = 0x8a,
    Float = (byte)'G',
    Unicode = (byte)'X',
    ShortUnicode = 0x8c,
    String = (byte)'T',
    ShortString = (byte)'U',
    Bytes = (byte)'B',
    ShortBytes = (byte)'C',

    EmptyTuple = (byte)')',
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    Tuple = (byte)'t',
    EmptyList = (byte)']',
    Append = (byte)'a',
    Appends = (byte)'e',
    EmptyDictionary = (byte)'}',
    SetItem = (byte)'s',
    SetItems = (byte)'u',

    Put1 = (byte)'q',
    Put4 = (byte)'r',
    Memoize = 0x94,
    Get1 = (byte)'h',
    Get4 = (byte)'j',

    Global = (byte)'c',
    StackGlobal = 0x93,
    Reduce = (byte)'R',
    NewObject = 0x81,
    Build = (byte)'b',
    PersistentId = (byte)'Q',
}
