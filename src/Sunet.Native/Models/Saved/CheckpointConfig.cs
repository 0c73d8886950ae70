using System.Globalization;
using Sunet.Native.Files;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Saved;

/// <summary>What a model makes of its features.</summary>
public enum CheckpointHead
{
    /// <summary>Logits for every pixel.</summary>
    Segmenter,

    /// <summary>Logits for the whole image.</summary>
    Classifier,
}

/// <summary>The size of a SUNet that is none of the published ones.</summary>
/// <param name="Filters">The filters N inside every u-net module.</param>
/// <param name="Depth">The u-net modules in each of the blocks 2 and 3.</param>
/// <param name="Widths">The features out of the blocks 1 to 4: four values.</param>
/// <param name="StemWidth">The features out of the first convolution.</param>
/// <param name="ResidualWidth">The features out of the residual block behind it.</param>
public sealed record CheckpointModelSize(int Filters, int Depth, IReadOnlyList<int> Widths, int StemWidth, int ResidualWidth);

/// <summary>
/// What is needed beside the weights to build the model they belong to and to feed it: <c>config.json</c>, and the same text in
/// the metadata of the weights.
/// </summary>
public sealed record CheckpointConfig
{
    /// <summary>The version of the format this library writes and reads.</summary>
    public const int CurrentFormatVersion = 1;

    /// <summary>The name of a model whose <see cref="Size"/> is given.</summary>
    public const string CustomModel = "custom";

    private static readonly string[] Models = ["sunet64", "sunet128", "sunet7128", CustomModel];

    /// <summary><c>sunet64</c>, <c>sunet128</c>, <c>sunet7128</c>, or <c>custom</c>.</summary>
    public required string Model { get; init; }

    /// <summary>The model's size where <see cref="Model"/> is <c>custom</c>; null otherwise.</summary>
    public CheckpointModelSize? Size { get; init; }

    /// <summary>What the model makes of its features.</summary>
    public required CheckpointHead Head { get; init; }

    /// <summary>The classes' names in the order of their indices; at least one.</summary>
    public required IReadOnlyList<string> ClassNames { get; init; }

    /// <summary>The factor between the input's side and that of the features: 8, 16 or 32.</summary>
    public required int OutputStride { get; init; }

    /// <summary>Whether dilated modules use multigrid dilation rates.</summary>
    public required bool Multigrid { get; init; }

    /// <summary>Whether the segmenter has degridding layers.</summary>
    public required bool Degrid { get; init; }

    /// <summary>How pixels become the model's input.</summary>
    public required ImageNormalization Normalization { get; init; }

    /// <summary>Reads a configuration file.</summary>
    /// <param name="path">The file, usually <c>config.json</c>.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing or cannot be read, or a key is unknown, missing, repeated, of the wrong type or out of range; the
    /// message names key and file.
    /// </exception>
    public static CheckpointConfig Read(string path) => CheckpointConfigJson.Read(path);

    /// <summary>Parses a configuration.</summary>
    /// <param name="json">The text.</param>
    /// <param name="path">The file it comes from, for messages.</param>
    /// <exception cref="CheckpointException">A key is unknown, missing, repeated, of the wrong type or out of range.</exception>
    public static CheckpointConfig Parse(string json, string path) => CheckpointConfigJson.Parse(json, path);

    /// <summary>Writes a configuration file, durably.</summary>
    /// <param name="path">The destination; its folder exists.</param>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    /// <exception cref="CheckpointException">The file could not be written; the previous one is unchanged.</exception>
    public void Write(string path)
    {
        byte[] json = CheckpointConfigJson.Serialize(this);
        DurableFile.Write(path, stream => stream.Write(json));
    }

    /// <summary>The configuration as indented JSON.</summary>
    /// <exception cref="ArgumentException">A value is out of range.</exception>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(CheckpointConfigJson.Serialize(this));

    /// <summary>Names the first key whose value is out of range and says why; null where all is well.</summary>
    internal string? FindProblem()
    {
        if (!Models.Contains(Model))
            return $"'model' is '{Model}' where one of {string.Join(", ", Models)} is needed";
        if ((Model == CustomModel) != (Size is not null))
            return $"'filters', 'depth', 'widths', 'stem_width' and 'residual_width' are given exactly when 'model' is '{CustomModel}'";
        if (Size is { } size && FindProblem(size) is { } problem)
            return problem;
        if (ClassNames.Count == 0)
            return "'class_names' is empty";
        if (OutputStride is not (8 or 16 or 32))
            return string.Create(CultureInfo.InvariantCulture, $"'output_stride' is {OutputStride} where 8, 16 or 32 is needed");
        if (Normalization.Mean.Count != 3 || !Normalization.Mean.All(mean => mean is >= 0 and <= 1))
            return "'normalization.mean' needs three numbers from 0 to 1";
        if (Normalization.Deviation.Count != 3 || !Normalization.Deviation.All(deviation => deviation > 0 && float.IsFinite(deviation)))
            return "'normalization.deviation' needs three numbers above 0";
        return null;
    }

    private static string? FindProblem(CheckpointModelSize size)
    {
        if (size.Filters < 1)
            return "'filters' is below 1";
        if (size.Depth < 1)
            return "'depth' is below 1";
        if (size.StemWidth < 1)
            return "'stem_width' is below 1";
        if (size.ResidualWidth < 1)
            return "'residual_width' is below 1";
        return size.Widths.Count != 4 || size.Widths.Any(width => width < 1) ? "'widths' needs four numbers from 1" : null;
    }
}
