using System.Buffers.Binary;
using System.IO.Compression;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;

namespace Sunet.Mutation.Tests.Subjects;

/// <summary>Weights of our own and of PyTorch.</summary>
internal static class CheckpointSubjects
{
    private const string Weights = "weights.safetensors", Config = "config.json";

    // Networks are compiled for an image of 32 x 32 pixels.
    private const int Compiled = 128;

    public static Subject[] All { get; } =
    [
        Described("safetensors", folder => SoundFiles.Weights(folder, Weights), Weights, Checksums.RepairSafetensors),
        Described("safetensors without config.json", folder =>
        {
            SoundFiles.Weights(folder, Weights);
            File.Delete(Path.Combine(folder, Config));
        }, Weights, Checksums.RepairSafetensors),
        Described("config.json", folder => WithoutMetadata(SoundFiles.Weights(folder, Weights)), Config, isText: true),
        Described("PyTorch zip", folder => Fixture(folder, "classifier-zip.pth.gz"), "fixture.pth", Checksums.RepairZip),
        Described("PyTorch before zip", folder => Fixture(folder, "segmenter-legacy.pth.gz"), "fixture.pth"),
        Exported("safetensors exported", folder => SoundFiles.Weights(folder, Weights), Weights, Checksums.RepairSafetensors),
        Exported("PyTorch zip exported", folder => Fixture(folder, "classifier-zip.pth.gz"), "fixture.pth", Checksums.RepairZip),
        Exported("PyTorch before zip exported", folder => Fixture(folder, "segmenter-legacy.pth.gz"), "fixture.pth"),
    ];

    /// <summary>What another program would have written: the tensors alone, so that the network is told by config.json.</summary>
    private static void WithoutMetadata(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        JsonObject header = JsonNode.Parse(file.AsSpan(sizeof(long), length))!.AsObject();
        header.Remove("__metadata__");
        byte[] rest = Encoding.UTF8.GetBytes(header.ToJsonString());
        byte[] prefix = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, rest.Length);
        File.WriteAllBytes(path, [.. prefix, .. rest, .. file.AsSpan(sizeof(long) + length)]);
    }

    private static void Fixture(string folder, string name)
    {
        using Stream stored = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using var unpacked = new GZipStream(stored, CompressionMode.Decompress);
        using FileStream file = File.Create(Path.Combine(folder, "fixture.pth"));
        unpacked.CopyTo(file);
    }

    private static Subject Described(
        string name, Action<string> make, string file, Func<byte[], byte[]>? repair = null, bool isText = false) => Reading(
            name, make, file, repair,
            folder =>
                ["info", "--weights", Path.Combine(folder, file == Config ? Weights : file), "--imgsz", "32", "--threads", "1"], isText, 2);

    private static Subject Exported(string name, Action<string> make, string file, Func<byte[], byte[]>? repair = null) => Reading(
        name, make, file, repair, folder =>
        [
            "export", "--weights", Path.Combine(folder, file), "--format",
            "safetensors", "--out", Path.Combine(folder, "out", "out.safetensors"),
        ], isText: false, weight: 1);

    private static Subject Reading(
        string name, Action<string> make, string file, Func<byte[], byte[]>? repair,
        Func<string, string[]> command, bool isText, double weight) => new(
            name,
            folder =>
            {
                make(folder);
                Directory.CreateDirectory(Path.Combine(folder, "out"));
                return Path.Combine(folder, file);
            },
            command)
        {
            IsText = isText,
            Weight = weight,
            Megabytes = Compiled,
            Repair = repair ?? (bytes => bytes),
        };
}
