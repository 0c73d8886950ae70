using System.Diagnostics;

namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>A disk that fills up in the middle of a run, in a mount namespace of the test's own.</summary>
public sealed class FullDiskTests(TinyRuns runs) : IClassFixture<TinyRuns>
{
    private const string Script = """
        set -u
        sunet="$1"; disk="$2"; outside="$3"; shift 3
        mount -t tmpfs -o size=4m tmpfs "$disk" || { echo nomount; exit 0; }
        "$sunet" "$@" 2> "$outside/first" &
        child=$!
        until grep -qs '^epoch 2 ' "$outside/first"; do kill -0 $child || exit 9; sleep 0.02; done
        kill -TERM $child
        wait $child; echo "stopped $?"
        sha256sum "$disk"/exp/state/* "$disk"/exp/weights/* > "$outside/before"
        cat /dev/zero > "$disk/filler" 2> /dev/null
        "$sunet" train --resume "$disk/exp" --quiet 2> "$outside/full"; echo "full $?"
        sha256sum --quiet -c "$outside/before"; echo "unchanged $?"
        find "$disk" -name '*.tmp*' | wc -l
        rm "$disk/filler"
        "$sunet" train --resume "$disk/exp" --quiet > /dev/null; echo "resumed $?"
        sha256sum < "$disk/exp/weights/last.safetensors"
        """;

    [Fact]
    public void Train_DiskFillsUp_KeepsTheCheckpointAndGoesOnWhenThereIsRoom()
    {
        using var folder = new TemporaryFolder();
        string disk = Directory.CreateDirectory(folder["disk"]).FullName;

        // Long enough that the signal of the second epoch comes before the last one.
        string[] more = ["--epochs", "40", "--save-every", "40", "--val-every", "40"];
        Assert.Equal(0, CommandResult.Of(TinyRuns.Train(runs.Data, folder.Path, "whole", more)).Code);

        string[] args = ["-rm", "bash", "-c", Script, "bash", CommandResult.Program,
            disk, folder.Path, .. TinyRuns.Train(runs.Data, disk, "exp", more)];
        using Process process = Process.Start(new ProcessStartInfo("unshare", args) { RedirectStandardOutput = true })!;
        string[] said = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        process.WaitForExit();
        Assert.SkipWhen(said is [] or ["nomount"], "this system lets nobody mount a file system of their own");

        string whole = TinyRuns.Hash(folder["whole", "weights", "last.safetensors"]);
        Assert.Equal(["stopped 143", "full 2", "unchanged 0", "0", "resumed 0", whole + "  -"], said);
        string line = Assert.Single(File.ReadAllLines(folder["full"]));
        Assert.StartsWith("sunet: ", line, StringComparison.Ordinal);
        Assert.Contains("No space left", line, StringComparison.Ordinal);
    }
}
