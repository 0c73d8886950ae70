using System.Runtime.InteropServices;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>What the emulated NVTX has recorded beside ranges.</summary>
internal static unsafe partial class Emulator
{
    /// <summary>The text of the index-th NVTX mark, null beyond.</summary>
    public static string? Mark(int index)
    {
        const int size = 1024;
        byte* text = stackalloc byte[size];
        return ReadMark(index, text, size) < 0 ? null : Marshal.PtrToStringUTF8((nint)text);
    }

    [LibraryImport(Library, EntryPoint = "sunet_emulator_mark")]
    private static partial int ReadMark(int index, byte* text, int size);
}
