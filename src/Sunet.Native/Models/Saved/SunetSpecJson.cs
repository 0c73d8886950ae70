using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sunet.Native.Files;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Saved;

/// <summary>
/// A <see cref="SunetSpec"/> as JSON: <c>config.json</c> beside weights, and the same text in their metadata. Every key is required and no
/// other is allowed.
/// </summary>
internal static class SunetSpecJson
{
    /// <summary>The version of the format this library writes and reads.</summary>
    public const int FormatVersion = 1;

    /// <summary>The name of a body that is none of the published ones; its size stands beside it.</summary>
    public const string CustomModel = "custom";

    private const string Segmenter = "segmenter", Classifier = "classifier";

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

    /// <summary>Reads a configuration file.</summary>
    /// <exception cref="CheckpointException">
    /// The file is missing or cannot be read, or a key is unknown, missing, repeated, of the wrong type or out of range; the message names
    /// key and file.
    /// </exception>
    public static SunetSpec Read(string path) => Parse(ReadText(path)
        ?? throw new CheckpointException($"Configuration '{path}' is larger than {MaximumBytes >> 20} MiB.", path), path);

    /// <summary>
    /// Reads a configuration file if this library wrote it. Gives null where another program did: many have a <c>config.json</c>, but not
    /// with these keys. A damaged one of this library is still refused, since its values would be missed.
    /// </summary>
    /// <exception cref="CheckpointException">The file is this library's and is not usable.</exception>
    public static SunetSpec? ReadOwn(string path) =>
        ReadText(path) is { } json && Array.TrueForAll(OwnKeys, key => json.Contains($"\"{key}\"", StringComparison.Ordinal))
            ? Parse(json, path)
            : null;

    /// <summary>Writes a configuration file, durably.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="path">The destination; its folder exists.</param>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    /// <exception cref="CheckpointException">The file could not be written; the previous one is unchanged.</exception>
    public static void Write(SunetSpec spec, string path)
    {
        byte[] json = Serialize(spec);
        DurableFile.Write(path, stream => stream.Write(json));
    }

    /// <summary>Gives a spec as indented JSON.</summary>
    /// <exception cref="ArgumentException">A number is out of range.</exception>
    public static string ToJson(SunetSpec spec) => Encoding.UTF8.GetString(Serialize(spec));

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

    /// <summary>Parses a configuration.</summary>
    /// <param name="json">The text.</param>
    /// <param name="path">The file it comes from, for messages.</param>
    /// <exception cref="CheckpointException">A key is unknown, missing, repeated, of the wrong type or out of range.</exception>
    public static SunetSpec Parse(string json, string path)
    {
        ArgumentNullException.ThrowIfNull(json);
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, Strict);
            return Convert(document.RootElement).Validated();
        }
        catch (ConfigurationException e)
        {
            throw new CheckpointException($"Checkpoint '{path}' describes no network that can be built: {e.Message}", path, e);
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

    private static byte[] Serialize(SunetSpec spec)
    {
        RequireSound(spec);
        SunetConfig? published = SunetConfig.All.FirstOrDefault(c => c.SameBody(spec.Config));
        IReadOnlyList<string> names =
            spec.ClassNames.Count > 0 ? spec.ClassNames : [.. Enumerable.Range(0, spec.Classes).Select(c => $"class{c}")];
        ArrayBufferWriter<byte> output = new();
        using (Utf8JsonWriter json = new(output, Layout))
        {
            json.WriteStartObject();
            json.WriteNumber("format_version", FormatVersion);
            json.WriteString("model", published?.Name ?? CustomModel);
            if (published is null)
                WriteSize(json, spec.Config);
            json.WriteString("head", spec.Head == SunetHead.Classifier ? Classifier : Segmenter);
            json.WriteNumber("classes", names.Count);
            WriteArray(json, "class_names", names, json.WriteStringValue);
            json.WriteNumber("output_stride", spec.OutputStride);
            json.WriteBoolean("multigrid", spec.Multigrid);
            json.WriteBoolean("degrid", spec.Degrid);
            json.WriteStartObject("normalization");
            WriteArray(json, "mean", spec.Normalization.Mean, json.WriteNumberValue);
            WriteArray(json, "deviation", spec.Normalization.Deviation, json.WriteNumberValue);
            json.WriteEndObject();
            json.WriteEndObject();
        }

        return output.WrittenSpan.ToArray();
    }

    private static void RequireSound(SunetSpec spec)
    {
        try
        {
            spec.Validated();
        }
        catch (ConfigurationException e)
        {
            throw new ArgumentException($"The configuration is not usable: {e.Message}", nameof(spec), e);
        }
    }

    private static void WriteSize(Utf8JsonWriter json, SunetConfig body)
    {
        json.WriteNumber("filters", body.Filters);
        json.WriteNumber("depth", body.Depth);
        WriteArray(json, "widths", body.Widths, json.WriteNumberValue);
        json.WriteNumber("stem_width", body.StemWidth);
        json.WriteNumber("residual_width", body.ResidualWidth);
    }

    private static SunetSpec Convert(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            throw new FormatException("it is no JSON object");
        // The version first: another version may have other keys, and that is what the user has to hear.
        int version = Get(root, "format_version", "a whole number", AsInt);
        Require(version == FormatVersion, $"'format_version' is {version} and this library reads {FormatVersion}");
        string model = Get(root, "model", "a text", AsText);
        CheckKeys(root, model == CustomModel ? [.. Keys, .. SizeKeys] : Keys, "");
        JsonElement normalization = Get(root, "normalization", "an object", AsObject);
        CheckKeys(normalization, NormalizationKeys, "normalization.");
        string[] names = List(root, "class_names", "texts", AsText);
        int classes = Get(root, "classes", "a whole number", AsInt), stride = Get(root, "output_stride", "a whole number", AsInt);
        Require(classes == names.Length, $"'classes' is {classes} and 'class_names' has {names.Length}");
        Require(names.Length > 0, "'class_names' is empty");
        Require(stride is 8 or 16 or 32, $"'output_stride' is {stride} where 8, 16 or 32 is needed");
        return new SunetSpec
        {
            Config = ConvertBody(root, model),
            Head = Get(root, "head", "'segmenter' or 'classifier'", AsHead),
            Classes = classes,
            ClassNames = names,
            OutputStride = stride,
            Multigrid = Get(root, "multigrid", "true or false", AsBool),
            Degrid = Get(root, "degrid", "true or false", AsBool),
            Normalization = ConvertNormalization(normalization),
        };
    }

    private static SunetConfig ConvertBody(JsonElement root, string model)
    {
        if (model != CustomModel)
        {
            string[] known = [.. SunetConfig.All.Select(c => c.Name), CustomModel];
            Require(known.Contains(model), $"'model' is '{model}' where one of {string.Join(", ", known)} is needed");
            return SunetConfig.ByName(model);
        }

        int[] widths = List(root, "widths", "whole numbers", AsInt);
        Require(widths.Length == 4 && Array.TrueForAll(widths, w => w > 0), "'widths' needs four numbers from 1");
        return new SunetConfig(CustomModel, Positive(root, "filters"), Positive(root, "depth"), widths)
        {
            StemWidth = Positive(root, "stem_width"),
            ResidualWidth = Positive(root, "residual_width"),
        };
    }

    private static ImageNormalization ConvertNormalization(JsonElement json)
    {
        float[] mean = List(json, "mean", "numbers", AsFloat), deviation = List(json, "deviation", "numbers", AsFloat);
        Require(
            mean.Length == 3 && Array.TrueForAll(mean, m => m is >= 0 and <= 1), "'normalization.mean' needs three numbers from 0 to 1");
        Require(deviation.Length == 3 && Array.TrueForAll(deviation, d => d > 0 && float.IsFinite(d)),
            "'normalization.deviation' needs three numbers above 0");
        return new ImageNormalization(mean, deviation);
    }

    private static int Positive(JsonElement root, string key)
    {
        int value = Get(root, key, "a whole number", AsInt);
        Require(value > 0, $"'{key}' is below 1");
        return value;
    }

    private static void Require(bool condition, InvariantText problem) => Require(condition, problem.Take());

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new FormatException(problem);
    }

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

    private static SunetHead? AsHead(JsonElement element) => AsText(element) switch
    {
        Segmenter => SunetHead.Segmenter,
        Classifier => SunetHead.Classifier,
        _ => null,
    };

    private static void WriteArray<T>(Utf8JsonWriter json, string key, IReadOnlyList<T> items, Action<T> write)
    {
        json.WriteStartArray(key);
        foreach (T item in items)
            write(item);
        json.WriteEndArray();
    }
}
