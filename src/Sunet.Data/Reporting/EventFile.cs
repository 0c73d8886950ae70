using System.Globalization;
using Microsoft.Win32.SafeHandles;
using SkiaSharp;
using Sunet.Native.Files;

namespace Sunet.Data.Reporting;

/// <summary>
/// Writes numbers and pictures for TensorBoard: a TFRecord file of events, <c>events.out.tfevents.SECONDS.sunet</c>, which grows by whole
/// records, so that TensorBoard can follow it. A file belongs to one process; a run that goes on gets another, which sorts behind.
/// </summary>
internal sealed class EventFile
{
    private const string Prefix = "events.out.tfevents.";
    private const string Suffix = ".sunet";

    private readonly string path;

    private EventFile(string path) => this.path = path;

    /// <summary>
    /// Begins a file. What earlier files of this library in the folder hold beyond the step is cut off, and files of a run that began anew
    /// are removed, so that no step is there twice; readers at work are told to forget those steps. What only has such a file's name, or
    /// is a symbolic link, is left alone.
    /// </summary>
    /// <param name="folder">The run folder; it exists.</param>
    /// <param name="completedSteps">Up to where the run stands, in the steps of <see cref="Write"/>; 0 for a new one.</param>
    /// <exception cref="DataException">The folder cannot be read, or the file cannot be written.</exception>
    public static EventFile Begin(string folder, long completedSteps)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(completedSteps);
        return Guarded(folder, () =>
        {
            string[] earlier = Directory.GetFiles(folder, Prefix + "*" + Suffix);
            foreach (string file in earlier)
                CutBehind(file, completedSteps);

            long seconds = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            foreach (string file in earlier)
                seconds = Math.Max(seconds, SecondsOf(file) + 1);
            var events = new EventFile(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"{Prefix}{seconds}{Suffix}")));
            File.OpenHandle(events.path, FileMode.CreateNew, FileAccess.Write).Dispose();
            events.Append(EventMessage.FileVersion(Now), EventMessage.Restart(Now, completedSteps + 1));
            return events;
        });
    }

    /// <summary>Appends the numbers of a step; those that are not finite are left out.</summary>
    /// <param name="step">Above the steps written so far.</param>
    /// <param name="scalars">Such as <c>train/loss</c>; TensorBoard groups by what is before the slash.</param>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void Write(long step, IReadOnlyList<(string Tag, double Value)> scalars)
    {
        ArgumentNullException.ThrowIfNull(scalars);
        byte[] message = EventMessage.Scalars(Now, step, [.. scalars.Where(s => double.IsFinite(s.Value))]);
        Guarded(path, () => Append(message));
    }

    /// <summary>Appends a picture of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="tag">Such as <c>val/pred</c>.</param>
    /// <param name="picture">A PNG or JPEG file.</param>
    /// <exception cref="DataException">The picture cannot be read, or the file cannot be written.</exception>
    public void WritePicture(long step, string tag, string picture)
    {
        byte[] encoded = Guarded(picture, () =>
        {
            RegularFile.Require(picture);
            return File.ReadAllBytes(picture);
        });
        using SKData data = SKData.CreateCopy(encoded);
        using SKCodec codec = SKCodec.Create(data) ?? throw new DataException($"'{picture}' is no picture that can be decoded.", picture);
        byte[] message = EventMessage.Picture(Now, step, tag, (codec.Info.Height, codec.Info.Width), encoded);
        Guarded(path, () => Append(message));
    }

    private static double Now => DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() / 1000.0;

    private static long SecondsOf(string file)
    {
        string text = Path.GetFileName(file)[Prefix.Length..^Suffix.Length];
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds) ? seconds : 0;
    }

    /// <summary>Keeps whole records up to the first of a later step; a record that a process died writing goes too.</summary>
    private static void CutBehind(string file, long step)
    {
        // A pipe has no length and would never be opened.
        if (new FileInfo(file) is { LinkTarget: not null } or { Length: 0 })
            return;
        long length, end;
        using (SafeFileHandle records = RegularFile.OpenHandle(file))
        {
            if (EventFileEnd.Find(records, step) is not { } found)
                return;
            (length, end) = (RandomAccess.GetLength(records), found);
        }

        if (step == 0)
        {
            File.Delete(file);
        }
        else if (end < length)
        {
            using SafeFileHandle records = File.OpenHandle(file, FileMode.Open, FileAccess.Write);
            RandomAccess.SetLength(records, end);
        }
    }

    private static void Guarded(string path, Action write) => Guarded(path, () =>
    {
        write();
        return true;
    });

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{path}' cannot be read or written: {failure.Message}", path, failure);
        }
    }

    private void Append(params ReadOnlySpan<byte[]> messages)
    {
        using var records = new MemoryStream();
        foreach (byte[] message in messages)
            EventRecord.Write(records, message);
        OutputFolder.RequireNoLink(path);
        using var stream = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.Read);
        stream.Write(records.GetBuffer().AsSpan(0, (int)records.Length));
    }
}
