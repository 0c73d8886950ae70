namespace Sunet.Mutation.Tests;

/// <summary>A file that the console reads, and the command that reads it.</summary>
/// <param name="name">The format, and how it is read.</param>
/// <param name="make">Makes everything the command needs in an empty folder, and returns the file to change.</param>
/// <param name="command">The command's arguments, told the folder.</param>
internal sealed class Subject(string name, Func<string, string> make, Func<string, string[]> command)
{
    /// <summary>The format, and how it is read.</summary>
    public string Name => name;

    /// <summary>How many inputs it gets, where others get one.</summary>
    public double Weight { get; init; } = 1;

    /// <summary>Whether the format is text.</summary>
    public bool IsText { get; init; }

    /// <summary>Whether the command changes what it reads, so that it needs a new copy each time.</summary>
    public bool ChangesFolder { get; init; }

    /// <summary>The most megabytes that an input may take, beside twice the file itself.</summary>
    public int Megabytes { get; init; } = 64;

    /// <summary>Makes checksums right again, so that changes reach what lies behind them.</summary>
    public Func<byte[], byte[]> Repair { get; init; } = bytes => bytes;

    /// <summary>Makes everything the command needs.</summary>
    /// <returns>The file to change.</returns>
    public string Make(string folder) => make(folder);

    /// <summary>The command's arguments.</summary>
    public string[] Command(string folder) => command(folder);
}
