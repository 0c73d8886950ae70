namespace Sunet.Cli.Settings;

/// <summary>One setting of a command: a flag on the command line and a key in a configuration file, under one name.</summary>
/// <param name="Name">In kebab case, without dashes.</param>
/// <param name="Help">What it is, in a few words.</param>
/// <param name="Default">Its text where it is not given; null for a setting without a default.</param>
/// <param name="IsSwitch">Whether it is on or off, rather than a value.</param>
internal sealed record Setting(string Name, string Help, string? Default, bool IsSwitch)
{
    public const string On = "true";
    public const string Off = "false";

    /// <summary>The settings that hold no longer, from a weaker source, where this one is given: what it takes the place of.</summary>
    public IReadOnlyList<string> Replaces { get; init; } = [];

    /// <summary>Whether help says nothing of it: it is for the program itself.</summary>
    public bool IsHidden { get; init; }

    /// <summary>The heading it stands under in help, where that is not the usual one of its name.</summary>
    public string? Group { get; init; }

    /// <summary>The words that a shell completes its value with; others may do as well.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>That it must be given, and unless what; null where it may be left out.</summary>
    public string? Requirement { get; init; }

    /// <summary>A setting with a value.</summary>
    public static Setting Value(string name, string help, string? fallback = null) => new(name, help, fallback, IsSwitch: false);

    /// <summary>A setting that is on or off: <c>--name</c> and <c>--no-name</c>.</summary>
    public static Setting Switch(string name, string help, bool fallback = false) => new(name, help, fallback ? On : Off, IsSwitch: true);
}
