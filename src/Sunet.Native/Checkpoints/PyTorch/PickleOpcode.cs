namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// The opcodes of pickle (Python's Lib/pickle.py) that its picklers of protocols 2 to 5 write into a file, and those of old-style classes
/// of Python 2; there are others, and none of them is interpreted.
/// </summary>
internal enum PickleOpcode : byte
{
    Mark = (byte)'(',
    Stop = (byte)'.',
    Pop = (byte)'0',
    PopMark = (byte)'1',
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
    Long4 = 0x8b,
    Float = (byte)'G',
    Unicode = (byte)'X',
    ShortUnicode = 0x8c,
    LongUnicode = 0x8d,
    String = (byte)'T',
    ShortString = (byte)'U',
    Bytes = (byte)'B',
    ShortBytes = (byte)'C',
    LongBytes = 0x8e,
    ByteArray = 0x96,

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
    EmptySet = 0x8f,
    AddItems = 0x90,
    FrozenSet = 0x91,

    Put1 = (byte)'q',
    Put4 = (byte)'r',
    Memoize = 0x94,
    Get1 = (byte)'h',
    Get4 = (byte)'j',

    Global = (byte)'c',
    StackGlobal = 0x93,
    Reduce = (byte)'R',
    NewObject = 0x81,
    NewObjectWithNames = 0x92,
    Build = (byte)'b',
    OldInstance = (byte)'i',
    OldObject = (byte)'o',
    PersistentId = (byte)'Q',
}
