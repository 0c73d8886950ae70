using Microsoft.Win32.SafeHandles;
using Sunet.Native.Files;

namespace Sunet.Native.Tests.Files;

/// <summary>The system's file calls, recorded; the one numbered <c>FailAt</c> (and, if persistent, all later ones) fails.</summary>
internal sealed class FaultyFileCalls : IFileCalls
{
    private readonly IFileCalls real = DurableFile.SystemCalls;

    public List<string> Recorded { get; } = [];

    /// <summary>The number of the call that fails, counted from 1; 0 for none.</summary>
    public int FailAt { get; init; }

    public bool Persistent { get; init; }

    /// <summary>The only call that fails, by name; null for any but Delete, which has failures of its own to test.</summary>
    public string? Only { get; init; }

    public string Message { get; init; } = "No space left on device";

    /// <summary>Whether the file system can swap two names.</summary>
    public bool CanExchange { get; init; } = true;

    /// <summary>The names of the calls that were made to fail.</summary>
    public List<string> Failed { get; } = [];

    public SafeFileHandle Create(string path)
    {
        Enter(nameof(Create));
        return real.Create(path);
    }

    public void Write(SafeFileHandle file, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            Enter(nameof(Write));
        }
        catch (IOException)
        {
            // A disk that fills up takes a part first.
            real.Write(file, bytes[..(bytes.Length / 2)], offset);
            throw;
        }

        real.Write(file, bytes, offset);
    }

    public void Flush(SafeFileHandle file)
    {
        Enter(nameof(Flush));
        real.Flush(file);
    }

    public bool CreateFolder(string path)
    {
        Enter(nameof(CreateFolder));
        return real.CreateFolder(path);
    }

    public void Close(SafeFileHandle file)
    {
        Enter(nameof(Close));
        real.Close(file);
    }

    public void Rename(string from, string to)
    {
        Enter(nameof(Rename));
        real.Rename(from, to);
    }

    public bool TryExchange(string first, string second)
    {
        Enter(nameof(TryExchange));
        return CanExchange && real.TryExchange(first, second);
    }

    public void FlushFolder(string folder)
    {
        Enter(nameof(FlushFolder));
        real.FlushFolder(folder);
    }

    public void Delete(string path)
    {
        Enter(nameof(Delete));
        real.Delete(path);
    }

    private void Enter(string call)
    {
        Recorded.Add(call);
        bool due = FailAt > 0 && (Recorded.Count == FailAt || (Persistent && Recorded.Count > FailAt));
        if (due && (Only is null ? call != nameof(Delete) : call == Only))
        {
            Failed.Add(call);
            throw new IOException(Message);
        }
    }
}
