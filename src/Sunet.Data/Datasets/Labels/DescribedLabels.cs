using System.Globalization;
using Sunet.Data.Images;
using YamlDotNet.RepresentationModel;

namespace Sunet.Data.Datasets.Labels;

/// <summary>What a data set's YAML file says of labels: the keys <c>names</c>, <c>ignore</c> and <c>labels</c>.</summary>
/// <remarks>
/// <para><c>names</c> is a list of class names, or a map from label to name. <c>ignore</c> is a label, or a list of labels, that takes no
/// part in training or metrics, as 255 never does; the labels that are left are the classes in their order, so that with
/// <c>ignore: 0</c> and <c>names: {1: water, 2: road}</c> water is class 0.</para>
/// <para><c>labels</c> is a map from the labels in masks to classes, or to 255 for ignore; <c>names</c> then counts classes, and a label
/// that is in neither <c>labels</c> nor <c>ignore</c> is an error.</para>
/// </remarks>
internal static class DescribedLabels
{
    private const byte Ignored = LabelFile.IgnoreLabel;

    /// <summary>Reads the keys.</summary>
    /// <param name="map">The YAML file's map.</param>
    /// <param name="file">The YAML file, for messages.</param>
    /// <returns>Class names by index, and how masks are read.</returns>
    /// <exception cref="DataException">A key is missing, malformed or contradicts another.</exception>
    public static (IReadOnlyList<string> Names, ILabelReader Labels) Read(YamlMappingNode map, string file)
    {
        SortedDictionary<int, string> names = Names(map, file);
        HashSet<byte> ignored = IgnoredLabels(map, file);
        Dictionary<byte, byte>? labels = Mapped(map, file);
        if (labels is not null)
            return (Classes(names, [], file), WithMap(labels, ignored, names.Count, file));
        string[] classes = Classes(names, ignored, file);
        return ignored.All(label => label == Ignored)
            ? (classes, PngLabels.Instance)
            : (classes, WithoutIgnored(names.Keys, ignored, file));
    }

    private static MappedLabels WithMap(Dictionary<byte, byte> labels, HashSet<byte> ignored, int classes, string file)
    {
        foreach ((byte from, byte to) in labels)
        {
            if (to >= classes && to != Ignored)
            {
                throw new DataException(
                    $"'{file}' maps the label {from} to class {to}, but it names {classes} classes: 0 to {classes - 1}, or 255 for ignore.",
                    file);
            }
        }

        foreach (byte label in ignored)
        {
            if (!labels.TryAdd(label, Ignored))
                throw new DataException($"'{file}' has the label {label} both in 'labels' and in 'ignore'.", file);
        }

        labels.TryAdd(Ignored, Ignored);
        return new MappedLabels(labels, $"'labels' in '{file}'");
    }

    private static MappedLabels WithoutIgnored(IEnumerable<int> named, HashSet<byte> ignored, string file)
    {
        Dictionary<byte, byte> labels = ignored.ToDictionary(label => label, _ => Ignored);
        byte next = 0;
        foreach (int label in named)
        {
            if (labels.TryAdd((byte)label, next))
                next++;
        }

        labels.TryAdd(Ignored, Ignored);
        return new MappedLabels(labels, $"'names' in '{file}'");
    }

    private static string[] Classes(SortedDictionary<int, string> names, HashSet<byte> ignored, string file)
    {
        int end = names.Count == 0 ? 0 : names.Keys.Last() + 1;
        if (Enumerable.Range(0, end).Any(label => !names.ContainsKey(label) && !ignored.Contains((byte)label)))
        {
            throw new DataException(
                $"'{file}' should number its {names.Count} names from 0, but for labels to 'ignore'; it has '{end - 1}'.", file);
        }

        string[] classes = [.. names.Where(name => !ignored.Contains((byte)name.Key)).Select(name => name.Value)];
        ClassNamesFile.Require(classes, file);
        return classes;
    }

    private static SortedDictionary<int, string> Names(YamlMappingNode map, string file)
    {
        map.Children.TryGetValue(new YamlScalarNode("names"), out YamlNode? node);
        var names = new SortedDictionary<int, string>();
        switch (node)
        {
            case YamlSequenceNode list:
                foreach (YamlNode name in list.Children)
                    names.Add(names.Count, Name(name, file));
                ClassNamesFile.RequireCount(names.Count, file);
                return names;
            case YamlMappingNode indexed:
                foreach ((YamlNode key, YamlNode value) in indexed.Children)
                {
                    if (LabelOrNull(key) is not (< Ignored and var label) || !names.TryAdd(label, Name(value, file)))
                        throw new DataException($"'{file}' should number its {indexed.Children.Count} names from 0; it has '{key}'.", file);
                }

                return names;
            case null:
                throw new DataException($"'{file}' lacks the key 'names'.", file);
            default:
                throw MalformedNames(file);
        }
    }

    private static string Name(YamlNode node, string file) => (node as YamlScalarNode)?.Value?.Trim() ?? throw MalformedNames(file);

    private static HashSet<byte> IgnoredLabels(YamlMappingNode map, string file)
    {
        if (!map.Children.TryGetValue(new YamlScalarNode("ignore"), out YamlNode? node))
            return [];
        IEnumerable<YamlNode> labels = node is YamlSequenceNode list ? list.Children : [node];
        return
        [
            .. labels.Select(label => LabelOrNull(label)
                ?? throw new DataException($"'{file}' should have a label, or a list of labels, of 0 to 255 for the key 'ignore'.", file)),
        ];
    }

    private static Dictionary<byte, byte>? Mapped(YamlMappingNode map, string file)
    {
        if (!map.Children.TryGetValue(new YamlScalarNode("labels"), out YamlNode? node))
            return null;
        var labels = new Dictionary<byte, byte>();
        if (node is not YamlMappingNode { Children.Count: > 0 } pairs)
            throw MalformedMap(file);
        foreach ((YamlNode from, YamlNode to) in pairs.Children)
        {
            if (!labels.TryAdd(LabelOrNull(from) ?? throw MalformedMap(file), LabelOrNull(to) ?? throw MalformedMap(file)))
                throw new DataException($"'{file}' maps the label {from} twice.", file);
        }

        return labels;
    }

    private static byte? LabelOrNull(YamlNode node) =>
        byte.TryParse((node as YamlScalarNode)?.Value, NumberStyles.None, CultureInfo.InvariantCulture, out byte label) ? label : null;

    private static DataException MalformedNames(string file) =>
        new($"'{file}' should have a list of class names, or a map from index to name, for the key 'names'.", file);

    private static DataException MalformedMap(string file) =>
        new($"'{file}' should have a map from labels to classes, each of 0 to 255, for the key 'labels', such as {{0: 0, 255: 1}}.", file);
}
