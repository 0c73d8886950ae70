using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>Reads the YAML of settings and descriptions: one map that is not nested deeply, in a time that grows with its length.</summary>
internal static class YamlMap
{
    private const int LongestText = 4 << 20;
    private const int Deepest = 8;

    /// <summary>Parses a text.</summary>
    /// <param name="text">A YAML file's content.</param>
    /// <returns>The map; null where the text is sound YAML and something else.</returns>
    /// <exception cref="FormatException">
    /// It is no YAML, or more than such files need; the message is a clause that says what is wrong.
    /// </exception>
    public static YamlMappingNode? Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Length > LongestText)
            throw new FormatException("is too long: it has over 4 million characters");
        var stream = new YamlStream();
        try
        {
            RequirePlain(text);
            stream.Load(new StringReader(text));
        }
        catch (YamlException failure)
        {
            throw new FormatException(
                FormattableString.Invariant($"is not valid YAML at line {failure.Start.Line}: {failure.Message.TrimEnd('.')}"), failure);
        }
        catch (Exception failure) when (failure is InvalidOperationException or ArgumentException)
        {
            // What the parser makes of a bracket that is not closed for many lines, and of an empty key.
            throw new FormatException($"is not valid YAML: {failure.Message.TrimEnd('.')}", failure);
        }

        return stream.Documents is [{ RootNode: YamlMappingNode map }] ? map : null;
    }

    // Nodes are built and compared by recursion, so that deep nesting and self-reference would exhaust the stack; events are not.
    private static void RequirePlain(string text)
    {
        var parser = new Parser(new StringReader(text));
        int depth = 0;
        while (parser.MoveNext())
        {
            depth += parser.Current!.NestingIncrease;
            if (depth > Deepest || parser.Current is AnchorAlias)
                throw new FormatException("is nested deeply or refers to itself");
            if (parser.Current is Scalar { Value: var value } && value.Contains('\0', StringComparison.Ordinal))
                throw new FormatException("has a null character in a value");
        }
    }
}
