using System.Text.Json;
using Sunet.Native.Backends;
using Sunet.Native.Files;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>The file of a run folder that says what the run was trained with: device, processor, system, and versions.</summary>
internal static class EnvironmentFile
{
    /// <summary>The file's name.</summary>
    public const string FileName = "environment.json";

    private const long LargestFile = 1 << 20;

    /// <summary>Writes or replaces the file.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="backend">What the run is trained on.</param>
    /// <exception cref="Sunet.Native.CheckpointException">It cannot be written.</exception>
    public static void Write(string folder, IBackend backend) => DurableFile.Write(Path.Combine(folder, FileName), stream =>
    {
        using var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
        json.WriteStartObject();
        json.WriteString("precision", Settings.DeviceSettings.Name(backend.Precision));
        SystemFacts.Write(json, backend);
        json.WriteEndObject();
    });

    /// <summary>Reads the file of a run folder as names and texts, in its order; nothing where there is none that is sound.</summary>
    /// <param name="folder">The run folder.</param>
    public static IReadOnlyList<(string Name, string Value)> Read(string folder)
    {
        string path = Path.Combine(folder, FileName);
        try
        {
            using FileStream stream = RegularFile.OpenRead(path);
            if (stream.Length > LargestFile)
                return [];
            using JsonDocument document = JsonDocument.Parse(stream);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? [.. document.RootElement.EnumerateObject().DistinctBy(property => property.Name)
                    .Select(property => (property.Name, property.Value.ToString()))]
                : [];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or JsonException)
        {
            // What a run of an earlier version does not have is left out of its report.
            return [];
        }
    }
}
