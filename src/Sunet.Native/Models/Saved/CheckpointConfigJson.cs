using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sunet.Native.Files;

namespace Sunet.Native.Models.Saved;

/// <summary>The JSON of a <see cref="CheckpointConfig"/>. Every key is required and no other is allowed.</summary>
internal static class CheckpointConfigJson
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private static readonly JsonWriterOptions Layout =
        new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private const long MaximumBytes = 16 << 20;

    private static readonly string[] Keys =
        ["format_version", "model", "head", "classes", "class_names", "output_stride", "multigrid", "degrid", "normalization"];

    /// <summary>The keys that tell this library's configurations from those of other programs; they come first.</summary>
    private static readonly string[] OwnKeys = ["format_version", "head"];

    private static readonly string[] SizeKeys = ["filters", "depth", "widths", "stem_width", "residual_width"];
    private static readonly string[] NormalizationKeys = ["mean", "deviation"];

    public static CheckpointConfig Read(string path) => Parse(ReadText(path)
        ?? throw new CheckpointException($"Configuration '{path}' is larger than {MaximumBytes >> 20} MiB.", path), path);

    /// <summary>
    /// The same, or null where another program wrote the file: many have a <c>config.json</c>, but not with these keys. A damaged one of
    /// this library is still refused, since its values would be missed.
    /// </summary>
    public static CheckpointConfig? ReadOwn(string path) =>
        ReadText(path) is { } json && Array.TrueForAll(OwnKeys, key => json.Contains($"\"{key}\"", StringComparison.Ordinal))
            ? Parse(json, path)
            : null;

    /// <summary>The text; null where it is too long for a configuration.</summary>
    private static string? ReadText(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            using FileStream stream = RegularFile.OpenRead(path);
            if (stream.Length > MaximumBytes)
                return null;
            using StreamReader reader = new(stream);
            return reader.ReadToEnd();
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CheckpointException($"Configuration '{path}' does not exist.", path, e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"Configuration '{path}' cannot be read: {e.Message.TrimEnd('.')}.", path, e);
        }
    }

    public static CheckpointConfig Parse(string json, string path)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            CheckpointConfig config = Convert(document.RootElement);
            return config.FindProblem() is { } problem ? throw new FormatException(problem) : config;
        }
        catch (JsonException e)
        {
            throw new CheckpointException($"The configuration in '{path}' is not valid JSON: {e.Message.TrimEnd('.')}.", path, e);
        }
        catch (FormatException e)
        {
            throw new CheckpointException($"The configuration in '{path}' is not usable: {e.Message}.", path, e);
        }
        catch (InvalidOperationException e)
        {
            // How the JSON reader reports half of a surrogate pair or bytes that are not UTF-8 within a string.
            throw new CheckpointException($"The configuration in '{path}' holds text that is not Unicode.", path, e);
        }
    }

    public static byte[] Serialize(CheckpointConfig config)
    {
        if (config.FindProblem() is { } problem)
            throw new ArgumentException($"The configuration is not usable: {problem}.", nameof(config));
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, Layout))
        {
            json.WriteStartObject();
            json.WriteNumber("format_version", CheckpointConfig.CurrentFormatVersion);
            json.WriteString("model", config.Model);
            if (config.Size is { } size)
            {
                json.WriteNumber("filters", size.Filters);
                json.WriteNumber("depth", size.Depth);
                WriteArray(json, "widths", size.Widths, json.WriteNumberValue);
                json.WriteNumber("stem_width", size.StemWidth);
                json.WriteNumber("residual_width", size.ResidualWidth);
            }

            json.WriteString("head", HeadName(config.Head));
            json.WriteNumber("classes", config.ClassNames.Count);
            WriteArray(json, "class_names", config.ClassNames, json.WriteStringValue);
            json.WriteNumber("output_stride", config.OutputStride);
            json.WriteBoolean("multigrid", config.Multigrid);
            json.WriteBoolean("degrid", config.Degrid);
            json.WriteStartObject("normalization");
            WriteArray(json, "mean", config.Normalization.Mean, json.WriteNumberValue);
            WriteArray(json, "deviation", config.Normalization.Deviation, json.WriteNumberValue);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static CheckpointConfig Convert(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object");
        // The version first: another version may have other keys, and that is what the user has to hear.
        int version = Get(root, "format_version", "a whole number", AsInt);
        if (version != CheckpointConfig.CurrentFormatVersion)
            throw new FormatException($"'format_version' is {version} and this library reads {CheckpointConfig.CurrentFormatVersion}");
        string model = Get(root, "model", "a text", AsText);
        bool custom = model == CheckpointConfig.CustomModel;
        CheckKeys(root, custom ? [.. Keys, .. SizeKeys] : Keys, "");

        JsonElement normalization = Get(root, "normalization", "an object", AsObject);
        CheckKeys(normalization, NormalizationKeys, "normalization.");
        CheckpointConfig config = new()
        {
            Model = model,
            Size = custom ? ConvertSize(root) : null,
            Head = Get(root, "head", "'segmenter' or 'classifier'", AsHead),
            ClassNames = List(root, "class_names", "texts", AsText),
            OutputStride = Get(root, "output_stride", "a whole number", AsInt),
            Multigrid = Get(root, "multigrid", "true or false", AsBool),
            Degrid = Get(root, "degrid", "true or false", AsBool),
            Normalization = new(List(normalization, "mean", "numbers", AsFloat), List(normalization, "deviation", "numbers", AsFloat)),
        };
        int classes = Get(root, "classes", "a whole number", AsInt);
        return classes == config.ClassNames.Count
            ? config
            : throw new FormatException($"'classes' is {classes} and 'class_names' has {config.ClassNames.Count}");
    }

    private static CheckpointModelSize ConvertSize(JsonElement root) => new(
        Get(root, "filters", "a whole number", AsInt),
        Get(root, "depth", "a whole number", AsInt),
        List(root, "widths", "whole numbers", AsInt),
        Get(root, "stem_width", "a whole number", AsInt),
        Get(root, "residual_width", "a whole number", AsInt));

    private static void CheckKeys(JsonElement element, string[] keys, string prefix)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            if (!keys.Contains(property.Name))
                throw new FormatException($"the key '{prefix}{property.Name}' is unknown");
        }
    }

    private static T Get<T>(JsonElement element, string key, string wanted, Func<JsonElement, T?> convert) where T : struct =>
        element.TryGetProperty(key, out JsonElement value)
            ? convert(value) ?? throw new FormatException($"'{key}' is not {wanted}")
            : throw new FormatException($"the key '{key}' is missing");

    private static string Get(JsonElement element, string key, string wanted, Func<JsonElement, string?> convert) =>
        element.TryGetProperty(key, out JsonElement value)
            ? convert(value) ?? throw new FormatException($"'{key}' is not {wanted}")
            : throw new FormatException($"the key '{key}' is missing");

    private static T[] List<T>(JsonElement element, string key, string wanted, Func<JsonElement, T?> convert) where T : struct =>
        [.. Items(element, key, wanted).Select(item => convert(item) ?? throw new FormatException($"'{key}' is not a list of {wanted}"))];

    private static string[] List(JsonElement element, string key, string wanted, Func<JsonElement, string?> convert) =>
        [.. Items(element, key, wanted).Select(item => convert(item) ?? throw new FormatException($"'{key}' is not a list of {wanted}"))];

    private static JsonElement.ArrayEnumerator Items(JsonElement element, string key, string wanted)
    {
        if (!element.TryGetProperty(key, out JsonElement value))
            throw new FormatException($"the key '{key}' is missing");
        return value.ValueKind == JsonValueKind.Array
            ? value.EnumerateArray()
            : throw new FormatException($"'{key}' is not a list of {wanted}");
    }

    private static JsonElement? AsObject(JsonElement element) => element.ValueKind == JsonValueKind.Object ? element : null;

    private static int? AsInt(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetInt32(out int value) ? value : null;

    private static float? AsFloat(JsonElement element) =>
        element.ValueKind == JsonValueKind.Number && element.TryGetSingle(out float value) ? value : null;

    private static bool? AsBool(JsonElement element) =>
        element.ValueKind is JsonValueKind.True or JsonValueKind.False ? element.ValueKind == JsonValueKind.True : null;

    private static string? AsText(JsonElement element) => element.ValueKind == JsonValueKind.String ? element.GetString() : null;

    private static CheckpointHead? AsHead(JsonElement element) => AsText(element) switch
    {
        "segmenter" => CheckpointHead.Segmenter,
        "classifier" => CheckpointHead.Classifier,
        _ => null,
    };

    private static string HeadName(CheckpointHead head) => head == CheckpointHead.Segmenter ? "segmenter" : "classifier";

    private static void WriteArray<T>(Utf8JsonWriter json, string key, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(key);
        foreach (T item in items)
            write(item);
        json.WriteEndArray();
    }
}
