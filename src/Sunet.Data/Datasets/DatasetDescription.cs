using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Sunet.Data.Datasets;

/// <summary>A data set's YAML file.</summary>
/// <remarks>
/// <c>path</c> is the data set's folder, relative to the file (default: the file's folder); <c>train</c>, <c>val</c> and, if there is one,
/// <c>test</c> are folders of images relative to it; <c>names</c> is a list of class names or a map from index to name; <c>masks_dir</c>
/// (default <c>masks</c>) takes the place of <c>images</c> in the path of a folder of masks.
/// </remarks>
/// <param name="File">The YAML file.</param>
/// <param name="Root">The data set's folder, absolute.</param>
/// <param name="Train">The folder of training images.</param>
/// <param name="Val">The folder of validation images.</param>
/// <param name="Test">The folder of test images, or null.</param>
/// <param name="Names">Class names by index.</param>
/// <param name="MasksDir">The folder name of masks.</param>
internal sealed record DatasetDescription(
    string File, string Root, string Train, string Val, string? Test, IReadOnlyList<string> Names, string MasksDir)
{
    private static readonly string[] Keys = ["path", "train", "val", "test", "names", "masks_dir"];

    /// <summary>Reads and checks the file.</summary>
    /// <exception cref="DataException">It cannot be read, is no YAML map, or has an unknown, missing or malformed key.</exception>
    public static DatasetDescription Read(string file)
    {
        YamlMappingNode map = Parse(file);
        foreach (YamlNode key in map.Children.Keys)
        {
            if (key is not YamlScalarNode { Value: { } name } || !Keys.Contains(name))
                throw new DataException($"'{file}' has the unknown key '{key}'; the keys are {string.Join(", ", Keys)}.", file);
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        string root = Path.GetFullPath(TextOrNull(map, "path", file) ?? ".", folder);
        IReadOnlyList<string> names = Classes(map, file);
        ClassNamesFile.Require(names, file);
        return new DatasetDescription(
            file, root, Text(map, "train", file), Text(map, "val", file), TextOrNull(map, "test", file), names,
            TextOrNull(map, "masks_dir", file) ?? "masks");
    }

    private static YamlMappingNode Parse(string file)
    {
        try
        {
            return YamlMap.Parse(string.Join('\n', TextLines.Read(file))) ?? throw new DataException(
                $"'{file}' does not describe a data set: it should be one map of {string.Join(", ", Keys)}.", file);
        }
        catch (FormatException failure)
        {
            throw new DataException($"'{file}' {failure.Message}.", file, failure);
        }
    }

    private static string Text(YamlMappingNode map, string key, string file) =>
        TextOrNull(map, key, file) ?? throw new DataException($"'{file}' lacks the key '{key}'.", file);

    private static string? TextOrNull(YamlMappingNode map, string key, string file)
    {
        if (!map.Children.TryGetValue(new YamlScalarNode(key), out YamlNode? node))
            return null;
        return node is YamlScalarNode { Value: { Length: > 0 } value }
            ? value
            : throw new DataException($"'{file}' should have a text for the key '{key}'.", file);
    }

    private static string[] Classes(YamlMappingNode map, string file)
    {
        map.Children.TryGetValue(new YamlScalarNode("names"), out YamlNode? node);
        return node switch
        {
            YamlSequenceNode list => [.. list.Children.Select(name => Name(name, file))],
            YamlMappingNode indexed => Indexed(indexed, file),
            null => throw new DataException($"'{file}' lacks the key 'names'.", file),
            _ => throw Malformed(file),
        };
    }

    private static string[] Indexed(YamlMappingNode map, string file)
    {
        var names = new string[map.Children.Count];
        foreach (var (key, value) in map.Children)
        {
            bool valid = int.TryParse((key as YamlScalarNode)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out int index);
            if (!valid || index >= names.Length || names[index] is not null)
                throw new DataException($"'{file}' should number its {names.Length} names from 0; it has '{key}'.", file);
            names[index] = Name(value, file);
        }

        return names;
    }

    private static string Name(YamlNode node, string file) => (node as YamlScalarNode)?.Value?.Trim() ?? throw Malformed(file);

    private static DataException Malformed(string file) =>
        new($"'{file}' should have a list of class names, or a map from index to name, for the key 'names'.", file);
}
