using System.Text;
using Sunet.Cli.Output;
using Sunet.Data.Datasets.Layouts;
using Sunet.Native;
using Sunet.Native.Files;
using YamlDotNet.RepresentationModel;

namespace Sunet.Cli.Settings;

/// <summary>Settings in a YAML file of <c>name: value</c> lines, such as a run's <c>args.yaml</c>.</summary>
internal static class SettingsFile
{
    /// <summary>The file of a run's resolved settings.</summary>
    public const string FileName = "args.yaml";

    private const long LargestFile = 1 << 20;

    /// <summary>Reads a file; lists become values separated by commas.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, is no flat map, or has a key that is no setting.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path, IReadOnlyList<Setting> settings)
    {
        IReadOnlyDictionary<string, string> values = Read(path);
        if (values.Keys.FirstOrDefault(name => settings.All(s => s.Name != name)) is { } unknown)
        {
            throw new ConfigurationException(
                $"'{path}' has the unknown key '{unknown}'.{DidYouMean.Sentence(unknown, settings.Select(s => s.Name))}");
        }

        return values;
    }

    /// <summary>Reads a file whatever its keys are, in their order; lists become values separated by commas.</summary>
    /// <exception cref="ConfigurationException">It cannot be read or is no flat map.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        var values = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        foreach ((YamlNode key, YamlNode node) in Parse(path).Children)
        {
            string name = (key as YamlScalarNode)?.Value ?? "";
            values[name] = node switch
            {
                YamlScalarNode { Value: { } text } => text,
                YamlSequenceNode list when list.Children.All(c => c is YamlScalarNode) =>
                    string.Join(',', list.Children.Select(c => ((YamlScalarNode)c).Value)),
                _ => throw new ConfigurationException($"'{path}' should have a single value for the key '{name}'."),
            };
        }

        return values;
    }

    /// <summary>Writes the resolved settings, durably.</summary>
    /// <exception cref="CheckpointException">The file cannot be written.</exception>
    public static void Write(string path, SettingValues values)
    {
        var text = new StringBuilder();
        foreach ((string name, string value) in values.Resolved())
            text.Append(name).Append(": ").Append(Quote(value)).Append('\n');
        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        DurableFile.Write(path, stream => stream.Write(bytes));
    }

    private static string Quote(string value) =>
        value.Length > 0 && value.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '/' or '_' or '-' or '+') && value[0] != '-'
            ? value
            : "'" + value.Replace("'", "''", StringComparison.Ordinal) + "'";

    private static YamlMappingNode Parse(string path)
    {
        try
        {
            using var reader = new StreamReader(RegularFile.OpenRead(path));
            if (reader.BaseStream.Length > LargestFile)
                throw new FormatException("is over 1 MiB, too large for settings");
            return YamlMap.Parse(reader.ReadToEnd())
                ?? throw new ConfigurationException($"'{path}' holds no settings: it should be lines of 'name: value'.");
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The settings '{path}' cannot be read: {failure.Message}", failure);
        }
        catch (FormatException failure)
        {
            throw new ConfigurationException($"'{path}' {failure.Message}.", failure);
        }
    }
}
