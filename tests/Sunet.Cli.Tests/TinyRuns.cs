using System.Security.Cryptography;

namespace Sunet.Cli.Tests;

/// <summary>A synthetic data set and a model small enough to train many times in a test.</summary>
public sealed class TinyRuns : IDisposable
{
    public const int ClassCount = 6;
    private readonly TemporaryFolder folder = new();

    public TinyRuns()
    {
        Data = folder["data"];

        // Of the seeds, one that puts every class into both splits.
        Assert.Equal(
            0, CommandResult.Of("data", "synth", "--out", Data, "--train", "8", "--val", "3", "--size", "32x48", "--seed", "1").Code);
        CommandResult trained = CommandResult.Of(Train(Data, folder["runs"], "exp", "--epochs", "2"));
        Assert.True(trained.Code == 0, trained.Error);
        Run = folder["runs", "exp"];
        Weights = Path.Combine(Run, "weights", "last.safetensors");
    }

    /// <summary>A sound data set of 8 training and 3 validation images.</summary>
    public string Data { get; }

    /// <summary>The folder of a finished run of two epochs.</summary>
    public string Run { get; }

    /// <summary>Its weights.</summary>
    public string Weights { get; }

    /// <summary>The arguments that train the small model; four steps an epoch.</summary>
    public static string[] Train(string data, string project, string name, params string[] more) =>
    [
        "train", "--data", data, "--model", "custom", "--filters", "4", "--depth", "1", "--widths", "8,8,12,12", "--stem-width", "4",
        "--residual-width", "8", "--output-stride", "16", "--imgsz", "32", "--batch", "2", "--lr",
        "0.05", "--bn-momentum", "0.1", "--threads", "1", "--workers", "1",
        "--project", project, "--name", name, .. more,
    ];

    /// <summary>A copy of the data set to damage.</summary>
    public string CopyData(string destination) => Copy(Data, destination);

    /// <summary>A copy of a folder.</summary>
    public static string Copy(string source, string destination)
    {
        foreach (string file in Directory.GetFiles(source, "*", SearchOption.AllDirectories))
        {
            string copy = Path.Combine(destination, Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            File.Copy(file, copy);
        }

        return destination;
    }

    public static string Hash(string path) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(path)));

    public void Dispose() => folder.Dispose();
}
