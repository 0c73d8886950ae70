namespace Sunet.Data.Matlab;

/// <summary>What stands before the data of one element of a MATLAB 5 file.</summary>
/// <param name="Type">How the data is stored.</param>
/// <param name="Length">The data's bytes.</param>
/// <param name="Next">Where the element that follows begins.</param>
internal readonly record struct MatTag(MatType Type, int Length, long Next);

/// <summary>The ways of storing data that are needed here, by the format's numbers ("MAT-File Format", table of data types).</summary>
internal enum MatType
{
    /// <summary>Signed bytes, and text.</summary>
    Int8 = 1,

    /// <summary>Bytes.</summary>
    UInt8 = 2,

    /// <summary>Signed words.</summary>
    Int32 = 5,

    /// <summary>Words.</summary>
    UInt32 = 6,

    /// <summary>An array of any class: elements within an element.</summary>
    Matrix = 14,

    /// <summary>One element, deflated.</summary>
    Compressed = 15,
}
