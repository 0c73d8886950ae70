using Sunet.Native.Checkpoints;
using Sunet.Native.Files;
using Sunet.Native.Models.Networks;
using Sunet.Native.Telemetry;

namespace Sunet.Native.Models.Saved;

/// <summary>A model's weights together with its configuration: what is shared, and what prediction needs.</summary>
internal static class WeightsFile
{
    /// <summary>The name of the configuration beside the weights.</summary>
    public const string ConfigFileName = "config.json";

    /// <summary>The metadata key of the configuration within the weights.</summary>
    public const string ConfigKey = "sunet.config";

    /// <summary>
    /// Writes weights with the configuration in their metadata, then the same configuration as <c>config.json</c> beside them;
    /// both durably. The folder is created where it is missing.
    /// </summary>
    /// <param name="path">The weights, such as <c>weights/best.safetensors</c>.</param>
    /// <param name="spec">The network, which is written as configuration.</param>
    /// <param name="metadata">More metadata, such as step and score.</param>
    /// <param name="tensors">The weights under their PyTorch names.</param>
    /// <exception cref="ArgumentException">The configuration is out of range, or two tensors have one name.</exception>
    /// <exception cref="CheckpointException">A file could not be written; it is as it was before.</exception>
    public static void Save(
        string path, SunetSpec spec, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(metadata);
        Dictionary<string, string> all = WithConfig(metadata, spec);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))
            ?? throw new CheckpointException($"Cannot save '{path}': it names no file.", path);
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.CheckpointActivity);
        DurableFile.CreateFolder(folder);
        SafetensorsWriter.Write(path, all, tensors);
        SunetSpecJson.Write(spec, Path.Combine(folder, ConfigFileName));
        SunetTelemetry.Saved(work, "weights");
    }

    /// <summary>Writes weights with the configuration in their metadata to a stream.</summary>
    /// <param name="stream">
    /// A writable stream, which stays open. Where it can seek, a digest over all that is written is among the metadata.
    /// </param>
    /// <param name="spec">The network, which is written as configuration.</param>
    /// <param name="metadata">More metadata.</param>
    /// <param name="tensors">The weights under their PyTorch names.</param>
    /// <exception cref="ArgumentException">The configuration is out of range, or two tensors have one name.</exception>
    public static void Save(
        Stream stream, SunetSpec spec, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(spec);
        ArgumentNullException.ThrowIfNull(metadata);
        SafetensorsWriter.Write(stream, WithConfig(metadata, spec), tensors, digest: stream.CanSeek);
    }

    /// <summary>
    /// The configuration of weights: the one in their metadata, else the <c>config.json</c> beside them where this library wrote it.
    /// </summary>
    /// <param name="weights">The open weights.</param>
    /// <exception cref="CheckpointException">There is neither, or it is not usable.</exception>
    public static SunetSpec ReadConfig(SafetensorsFile weights) => FindConfig(weights) ?? throw new CheckpointException(
        $"Checkpoint '{weights.Path}' has no configuration: neither '{ConfigKey}' in its metadata nor '{ConfigBeside(weights)}' exists.",
        weights.Path);

    /// <summary>Finds the configuration of weights as <see cref="ReadConfig"/> does; null where there is none.</summary>
    /// <param name="weights">The open weights.</param>
    /// <exception cref="CheckpointException">There is one, and it is not usable.</exception>
    public static SunetSpec? FindConfig(SafetensorsFile weights) => FindConfig(weights, out _);

    /// <summary>
    /// Finds the configuration of weights, and the <c>config.json</c> of another program that was passed over; null where there is none.
    /// </summary>
    internal static SunetSpec? FindConfig(SafetensorsFile weights, out string? foreign)
    {
        ArgumentNullException.ThrowIfNull(weights);
        foreign = null;
        if (weights.Metadata.TryGetValue(ConfigKey, out string? json))
            return SunetSpecJson.Parse(json, weights.Path);
        string beside = ConfigBeside(weights);
        if (!weights.HasFolder || !File.Exists(beside))
            return null;
        SunetSpec? config = SunetSpecJson.ReadOwn(beside);
        foreign = config is null ? beside : null;
        return config;
    }

    private static Dictionary<string, string> WithConfig(IReadOnlyDictionary<string, string> metadata, SunetSpec spec) =>
        new(metadata) { [ConfigKey] = SunetSpecJson.ToJson(spec) };

    private static string ConfigBeside(SafetensorsFile weights) =>
        Path.Combine(Path.GetDirectoryName(Path.GetFullPath(weights.Path)) ?? "", ConfigFileName);
}
