using System.Runtime.InteropServices;

namespace Sunet.Native.Tests.Cuda;

/// <summary>What the emulated cuDNN and NVTX have recorded.</summary>
internal static unsafe partial class Emulator
{
    /// <summary>The texts of all NVTX ranges since the last reset in order of opening, with how many ranges were open around each.</summary>
    public static IReadOnlyList<(string Text, int Depth)> Ranges
    {
        get
        {
            const int size = 1024;
            byte* text = stackalloc byte[size];
            List<(string, int)> found = [];
            for (int i = 0; i < CountRanges(); i++)
            {
                _ = ReadRange(i, text, size, out int depth);
                found.Add((Marshal.PtrToStringUTF8((nint)text)!, depth));
            }

            return found;
        }
    }

    /// <summary>Times that plans of a cuDNN engine ran since the last reset; of all engines if it is negative.</summary>
    [LibraryImport(Library, EntryPoint = "sunet_emulator_cudnn_runs")]
    public static partial long CudnnRuns(long engine);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_open_ranges")]
    public static partial long OpenRanges();

    /// <summary>The text of the index-th NVTX mark, null beyond.</summary>
    public static string? Mark(int index)
    {
        const int size = 1024;
        byte* text = stackalloc byte[size];
        return ReadMark(index, text, size) < 0 ? null : Marshal.PtrToStringUTF8((nint)text);
    }

    [LibraryImport(Library, EntryPoint = "sunet_emulator_ranges")]
    private static partial int CountRanges();

    [LibraryImport(Library, EntryPoint = "sunet_emulator_range")]
    private static partial int ReadRange(int index, byte* text, int size, out int depth);

    [LibraryImport(Library, EntryPoint = "sunet_emulator_mark")]
    private static partial int ReadMark(int index, byte* text, int size);
}
