using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Native.Interop.Host;

/// <summary>
/// The calls of libc that have no substitute in .NET, most of them for durable files: <c>FileStream.Flush(true)</c> reports success when
/// <c>fsync</c> fails, a handle's disposal drops the result of <c>close</c>, and a folder cannot be opened at all. Every call returns -1 on
/// failure and leaves the reason in <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
internal static partial class Posix
{
    public const int Interrupted = 4; // EINTR
    public const int BadDescriptor = 9; // EBADF
    public const int AlreadyThere = 17; // EEXIST
    public const int InvalidArgument = 22; // EINVAL
    public const int NoSuchCall = 38; // ENOSYS on Linux

    public const int ReadOnly = 0; // O_RDONLY
    public const int CloseOnExec = 0x80000; // O_CLOEXEC on Linux
    public const int CurrentFolder = -100; // AT_FDCWD on Linux
    public const uint Exchange = 2; // RENAME_EXCHANGE
    public const uint FolderMode = 0x1FF; // 0777, less the process's mask

    public const int PipeKind = 0x1000; // S_IFIFO
    public const int FolderKind = 0x4000; // S_IFDIR
    public const int RegularKind = 0x8000; // S_IFREG
    public const int SocketKind = 0xC000; // S_IFSOCK

    private const uint TypeWanted = 1; // STATX_TYPE
    private const int StatusBytes = 256; // sizeof(struct statx), the same on every architecture
    private const int StatusModeAt = 28; // its stx_mode, of 16 bits
    private const int KindMask = 0xF000; // S_IFMT

    private const int DontNeedAdvice = 4; // MADV_DONTNEED
    private const int PopulateAdvice = 23; // MADV_POPULATE_WRITE, from Linux 5.14 on

    private const string Library = "libc";

    // Only for what exists already: a mode, which `open` takes as a variadic argument, is never passed.
    [LibraryImport(Library, EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Open(string path, int flags);

    [LibraryImport(Library, EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Fsync(SafeFileHandle file);

    // A raw descriptor, because a SafeHandle must not count itself open while it is being closed.
    [LibraryImport(Library, EntryPoint = "close", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Close(int descriptor);

    [LibraryImport(Library, EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int Rename(string from, string to);

    // Directory.CreateDirectory does not tell a folder that it made from one that was there.
    [LibraryImport(Library, EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int MakeFolder(string path, uint mode);

    // Environment.SetEnvironmentVariable changes .NET's copy only; native libraries read libc's.
    [LibraryImport(Library, EntryPoint = "setenv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int SetEnvironment(string name, string value, int overwrite);

    [LibraryImport(Library, EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    public static partial int RenameAt2(int fromFolder, string from, int toFolder, string to, uint flags);

    /// <summary>What kind of file a path leads to, such as <see cref="RegularKind"/>; null where that cannot be told.</summary>
    public static unsafe int? KindOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return null;
        byte* status = stackalloc byte[StatusBytes];
        return Status(CurrentFolder, path, 0, TypeWanted, status) == 0 ? *(ushort*)(status + StatusModeAt) & KindMask : null;
    }

    /// <summary>Whether <see cref="DontNeed"/> does anything.</summary>
    public static bool HasDontNeed => OperatingSystem.IsLinux();

    /// <summary>
    /// Lets go of the pages that lie wholly within mapped memory; of a file's map they come back from the file. Does nothing but on Linux:
    /// it saves memory, and nothing depends on it.
    /// </summary>
    /// <param name="start">The first byte, anywhere within the map.</param>
    /// <param name="count">How many bytes.</param>
    public static void DontNeed(nint start, long count)
    {
        nint page = Environment.SystemPageSize;
        nint first = (nint)RoundUp.ToMultiple(start, page), end = (start + (nint)count) / page * page;
        if (HasDontNeed && end > first)
            _ = Advise(first, (nuint)(end - first), DontNeedAdvice);
    }

    /// <summary>
    /// Has the system provide pages of memory before they are written, on several processors: clearing pages is what takes the time where
    /// much is written for the first time, the more so on a virtual machine, and one by one it is the writer's thread that waits. Does
    /// nothing but on Linux, nor on an old one: it saves time, and nothing depends on it. Content stays as it is.
    /// </summary>
    /// <param name="start">The first byte.</param>
    /// <param name="count">How many bytes.</param>
    /// <param name="threads">At most so many threads do it.</param>
    public static void Populate(nint start, long count, int threads)
    {
        const long Part = 8 << 20;
        nint page = Environment.SystemPageSize;
        nint first = start / page * page, end = start + (nint)count;
        if (!OperatingSystem.IsLinux() || count < 2 * Part)
            return;
        Parallel.For(0, (end - first + Part - 1) / Part, new ParallelOptions { MaxDegreeOfParallelism = threads }, part =>
        {
            nint from = first + (nint)(part * Part);
            _ = Advise(from, (nuint)Math.Min(Part, end - from), PopulateAdvice);
        });
    }

    /// <summary>How many bytes of memory have pages of the machine's; all where that cannot be told.</summary>
    /// <param name="start">The first byte.</param>
    /// <param name="count">How many bytes.</param>
    public static unsafe long ResidentBytes(nint start, long count)
    {
        const int Pages = 4096;
        if (!OperatingSystem.IsLinux())
            return count;
        byte* found = stackalloc byte[Pages];
        nint page = Environment.SystemPageSize, first = start / page * page;
        long missing = 0;
        for (nint at = first, end = start + (nint)count; at < end; at += Pages * page)
        {
            int pages = (int)Math.Min(Pages, (end - at + page - 1) / page);
            if (InCore(at, (nuint)(pages * page), found) != 0)
                return count;
            for (int i = 0; i < pages; i++)
                missing += (found[i] & 1) == 0 ? page : 0;
        }

        return Math.Max(0, count - missing);
    }

    [LibraryImport(Library, EntryPoint = "statx", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int Status(int folder, string path, int flags, uint wanted, byte* status);

    [LibraryImport(Library, EntryPoint = "madvise", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int Advise(nint start, nuint bytes, int advice);

    [LibraryImport(Library, EntryPoint = "mincore", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static unsafe partial int InCore(nint start, nuint bytes, byte* found);
}
