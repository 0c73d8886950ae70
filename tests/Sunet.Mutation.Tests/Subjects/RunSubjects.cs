using System.Text;
using Sunet.Cli;

namespace Sunet.Mutation.Tests.Subjects;

/// <summary>What a training run reads: its settings, and what it goes on from. Also the command line itself.</summary>
internal static class RunSubjects
{
    // A training of two images of 32 x 32 pixels with its pictures.
    private const int Trained = 256;

    public static Subject[] All { get; } =
    [
        new("settings file", folder =>
        {
            DatasetSubjects.MakeYaml(folder);
            return SoundFiles.Text(folder, "settings.yaml", string.Join('\n', Arguments(folder).Chunk(2).Select(
                pair => $"{pair[0][2..]}: {pair[1]}")));
        }, folder => ["train", "--config", Path.Combine(folder, "settings.yaml"), "--dry-run", "--quiet"])
        {
            IsText = true,
            Weight = 2,
            Megabytes = Trained,
        },
        new("arguments", folder =>
        {
            DatasetSubjects.MakeYaml(folder);
            return SoundFiles.Text(folder, "arguments.txt", string.Join('\n', Arguments(folder)));
        }, folder =>
            ["train", .. File.ReadAllText(Path.Combine(folder, "arguments.txt"), Encoding.Latin1).Split('\n'), "--dry-run", "--quiet"])
        {
            IsText = true,
            Weight = 2,
            Megabytes = Trained,
        },
        Resumed("training state", "state", isText: false, Checksums.RepairSafetensors),
        Resumed("settings of a run", "args.yaml", isText: true),
        Resumed("event file", "events.out.tfevents", isText: false),
    ];

    private static string[] Arguments(string folder) =>
    [
        "--data", Path.Combine(folder, "data.yaml"), "--model", "custom", "--filters", "4", "--depth", "1", "--widths", "8,8,12,12",
        "--stem-width", "4", "--residual-width", "8", "--imgsz", "32", "--batch", "2", "--lr", "0.05", "--threads", "1", "--workers", "1",
        "--epochs", "1", "--project", folder, "--name", "run",
    ];

    /// <summary>A finished run, of which one file is changed before it is resumed.</summary>
    private static Subject Resumed(string name, string file, bool isText, Func<byte[], byte[]>? repair = null) => new(
        name,
        folder =>
        {
            DatasetSubjects.MakeYaml(folder);
            using var error = new StringWriter();
            int code = CommandLineHost.Run(["train", .. Arguments(folder)], TextWriter.Null, error, CancellationToken.None);
            Assert.True(code == 0, error.ToString());
            string run = Path.Combine(folder, "run");
            return Directory.GetFiles(run, "*", SearchOption.AllDirectories)
                .First(path => Path.GetRelativePath(run, path).StartsWith(file, StringComparison.Ordinal));
        },
        folder => ["train", "--resume", Path.Combine(folder, "run"), "--quiet"])
    {
        IsText = isText,
        ChangesFolder = true,
        Weight = 0.3,
        Megabytes = Trained,
        Repair = repair ?? (bytes => bytes),
    };
}
