using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Sunet.Data.Reporting;

/// <summary>
/// Finds where an event file of any size stops being of use to a run that goes on from an earlier step. From record to record only the
/// beginning is read, which has the step; sums are checked in the file's tail, where a process or a machine may have died writing.
/// </summary>
internal static class EventFileEnd
{
    private const long TailBytes = 1 << 20;
    private const int StepBytes = 32; // an event's time and step, which come first

    /// <summary>Finds the end of the whole records up to a step.</summary>
    /// <param name="file">Opened for reading.</param>
    /// <param name="step">The last step that is kept.</param>
    /// <returns>Where the first record of a later step begins, or one that is damaged; null for what is no event file.</returns>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static long? Find(SafeFileHandle file, long step)
    {
        long length = RandomAccess.GetLength(file), end = 0;
        Span<byte> start = stackalloc byte[EventRecord.HeaderBytes + StepBytes];
        while (length - end >= EventRecord.HeaderBytes + EventRecord.FooterBytes)
        {
            Span<byte> read = start[..RandomAccess.Read(file, start, end)];
            if (read.Length < EventRecord.HeaderBytes || !EventRecord.TryReadLength(read, out ulong size)
                || size > (ulong)(length - end - EventRecord.HeaderBytes - EventRecord.FooterBytes))
            {
                break;
            }

            long next = end + EventRecord.HeaderBytes + (long)size + EventRecord.FooterBytes;
            Span<byte> data = read[EventRecord.HeaderBytes..];
            data = data[..(int)Math.Min((ulong)data.Length, size)];
            if (end == 0 && !EventMessage.IsFileVersion(data))
                break;
            if (EventMessage.StepOf(data) is not { } found || found > step)
                break;
            if (next > length - TailBytes && !IsSound(file, end + EventRecord.HeaderBytes, (long)size))
                break;
            end = next;
        }

        return end == 0 ? null : end;
    }

    private static bool IsSound(SafeFileHandle file, long at, long size)
    {
        byte[] part = new byte[1 << 16];
        uint sum = uint.MaxValue;
        int read;
        for (long left = size; left > 0; left -= read, at += read)
        {
            read = RandomAccess.Read(file, part.AsSpan(0, (int)Math.Min(part.Length, left)), at);
            if (read == 0)
                return false;
            sum = EventRecord.Continued(sum, part.AsSpan(0, read));
        }

        Span<byte> stored = part.AsSpan(0, EventRecord.FooterBytes);
        return RandomAccess.Read(file, stored, at) == stored.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(stored) == EventRecord.Masked(~sum);
    }
}
