using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Native;

namespace Sunet.Cli.Settings;

/// <summary>The settings of one command as text, resolved by precedence, and read as what they are meant to be.</summary>
internal sealed class SettingValues
{
    private readonly Dictionary<string, (string Text, SettingSource Source)> given = new(StringComparer.Ordinal);

    /// <param name="settings">All settings of the command.</param>
    /// <param name="given">Those that were given, by name.</param>
    /// <param name="source">Where they were given.</param>
    public SettingValues(
        IReadOnlyList<Setting> settings, IReadOnlyDictionary<string, string> given, SettingSource source = SettingSource.CommandLine)
        : this(settings, given.Select(g => KeyValuePair.Create(g.Key, (g.Value, source))))
    {
    }

    private SettingValues(IReadOnlyList<Setting> settings, IEnumerable<KeyValuePair<string, (string Text, SettingSource Source)>> given)
    {
        Settings = settings;
        foreach ((string name, (string Text, SettingSource Source) value) in given)
            this.given[name] = value;
    }

    /// <summary>All settings of the command.</summary>
    public IReadOnlyList<Setting> Settings { get; }

    /// <summary>The names of those that were given rather than left at their defaults.</summary>
    public IEnumerable<string> Given => given.Keys;

    /// <summary>Whether a setting was given.</summary>
    public bool IsGiven(string name) => given.ContainsKey(name);

    /// <summary>Where a setting's value comes from.</summary>
    public SettingSource SourceOf(string name) => given.TryGetValue(name, out var value) ? value.Source : SettingSource.Default;

    /// <summary>Copies the settings with some values replaced by what they came to; where they come from stays.</summary>
    public SettingValues With(params ReadOnlySpan<(string Name, string Value)> changes)
    {
        var copy = new SettingValues(Settings, given);
        foreach ((string name, string value) in changes)
            copy.given[name] = (value, SourceOf(name));
        return copy;
    }

    /// <summary>These settings, and below them those of a weaker source, but for what these take the place of.</summary>
    public SettingValues Over(IReadOnlyDictionary<string, string> weaker, SettingSource source)
    {
        string[] replaced = [.. Settings.Where(s => IsGiven(s.Name)).SelectMany(s => s.Replaces)];
        var left = weaker.Where(w => !replaced.Contains(w.Key)).Select(w => KeyValuePair.Create(w.Key, (w.Value, source)));
        return new SettingValues(Settings, left.Concat(given));
    }

    /// <summary>The values of fewer settings.</summary>
    public SettingValues Of(IReadOnlyList<Setting> settings) => new(settings, given.Where(g => settings.Any(s => s.Name == g.Key)));

    /// <summary>Name and text of every setting that has one, in the command's order.</summary>
    public IEnumerable<(string Name, string Value)> Resolved() =>
        Settings.Select(s => (s.Name, Value: TextOrNull(s.Name))).Where(s => s.Value is not null).Select(s => (s.Name, s.Value!));

    /// <summary>A text, or null if there is none.</summary>
    /// <exception cref="ConfigurationException">
    /// It was given and is empty, or has a null character, which no name of a file can have.
    /// </exception>
    public string? TextOrNull(string name) => given.TryGetValue(name, out var value)
        ? value.Text.Length > 0 && !value.Text.Contains('\0') ? value.Text : throw Wrong(name, value.Text, "a value")
        : Settings.First(s => s.Name == name).Default;

    /// <summary>A text that must be there.</summary>
    /// <exception cref="ConfigurationException">It is not.</exception>
    public string Text(string name) => TextOrNull(name)
        ?? throw new ConfigurationException($"'--{name}' is missing; it is needed.");

    /// <summary>Whether a switch is on.</summary>
    public bool Flag(string name) => Text(name) switch
    {
        Setting.On => true,
        Setting.Off => false,
        var other => throw Wrong(name, other, "true or false"),
    };

    /// <summary>One of a few words.</summary>
    public string Choice(string name, params string[] allowed)
    {
        string text = Text(name);
        return allowed.Contains(text)
            ? text
            : throw Wrong(name, text, "one of " + string.Join(", ", allowed), DidYouMean.Sentence(text, allowed));
    }

    /// <summary>Some of a few words, separated by commas.</summary>
    public IReadOnlyList<string> Choices(string name, IReadOnlyList<string> allowed) => [.. Text(name).Split(',').Select(part =>
        allowed.Contains(part)
            ? part
            : throw Wrong(name, Text(name), "some of " + string.Join(", ", allowed), DidYouMean.Sentence(part, allowed)))];

    /// <summary>An integer.</summary>
    public int Int(string name, int least, int most = int.MaxValue) =>
        int.TryParse(Text(name), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int value)
            && value >= least && value <= most
            ? value
            : throw Wrong(name, Text(name),
                most == int.MaxValue ? $"a whole number from {least}" : $"a whole number from {least} to {most}");

    /// <summary>A seed.</summary>
    public ulong Seed(string name) => ulong.TryParse(Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value)
        ? value
        : throw Wrong(name, Text(name), "a whole number from 0");

    /// <summary>A finite number.</summary>
    public double Number(string name, double least = double.MinValue) => ParseNumber(Text(name)) is { } value && value >= least
        ? value
        : throw Wrong(name, Text(name), least == double.MinValue ? "a number" : FormattableString.Invariant($"a number from {least}"));

    /// <summary>Finite numbers, separated by commas.</summary>
    public IReadOnlyList<double> Numbers(string name) =>
        [.. Text(name).Split(',').Select(part => ParseNumber(part) ?? throw Wrong(name, Text(name), "numbers separated by commas"))];

    /// <summary>Integers, separated by commas.</summary>
    public IReadOnlyList<int> Ints(string name) =>
        [.. Text(name).Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            ? value
            : throw Wrong(name, Text(name), "whole numbers separated by commas"))];

    /// <summary>A height and width, such as <c>512</c> or <c>96x128</c>.</summary>
    public (int Height, int Width) Size(string name) => ParseSize(Text(name))
        ?? throw Wrong(name, Text(name), "a side such as 512, or height x width such as 96x128");

    /// <summary>Heights and widths, separated by commas.</summary>
    public IReadOnlyList<(int Height, int Width)> Sizes(string name) => [.. Text(name).Split(',').Select(part => ParseSize(part)
        ?? throw Wrong(name, Text(name), "sizes such as 512 or 96x128, separated by commas"))];

    private static (int Height, int Width)? ParseSize(string text)
    {
        string[] sides = text.Split('x');
        int[] parsed = [.. sides.Select(s => int.TryParse(s, NumberStyles.None, CultureInfo.InvariantCulture, out int side) ? side : 0)];
        return parsed.Length is 1 or 2 && parsed.All(side => side >= 1) ? (parsed[0], parsed[^1]) : null;
    }

    private static double? ParseNumber(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value : null;

    private static ConfigurationException Wrong(string name, string text, string wanted, string guess = "") =>
        new($"'--{name}' is '{text}' where {wanted} is needed.{guess}");
}
