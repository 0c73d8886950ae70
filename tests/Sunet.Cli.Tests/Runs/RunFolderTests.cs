using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Sunet.Cli.Runs;
using Sunet.Cli.Runs.Training;
using Sunet.Native;

namespace Sunet.Cli.Tests.Runs;

/// <summary>A run's folder belongs to one run, and a run to one process at a time.</summary>
public sealed class RunFolderTests(TinyRuns runs) : IClassFixture<TinyRuns>, IDisposable
{
    private static readonly Dictionary<string, string> NoEnvironment = [];
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Create_ManyAtOnce_GivesEachItsOwn()
    {
        const int runsAtOnce = 8, rounds = 50;
        for (int round = 0; round < rounds; round++)
        {
            string project = folder[round.ToString(CultureInfo.InvariantCulture)];
            var folders = new ConcurrentBag<string>();
            using var start = new Barrier(runsAtOnce);
            Thread[] threads = [.. Enumerable.Range(0, runsAtOnce).Select(_ => new Thread(() =>
            {
                start.SignalAndWait();
                folders.Add(RunFolder.Create(project, "exp", existOk: false));
            }))];
            Array.ForEach(threads, thread => thread.Start());
            Array.ForEach(threads, thread => thread.Join());
            Assert.Equal(
                ["exp", .. Enumerable.Range(2, runsAtOnce - 1).Select(n => $"exp{n}")],
                folders.Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal));
        }
    }

    [Theory]
    [InlineData("file")]
    [InlineData("link to nothing")]
    public void Create_NameIsTakenByNoFolder_TakesTheNext(string kind)
    {
        if (kind == "file")
            File.WriteAllText(folder["exp"], "");
        else
            File.CreateSymbolicLink(folder["exp"], folder["nothing"]);
        Assert.Equal(folder["exp2"], RunFolder.Create(folder.Path, "exp", existOk: false));
        Assert.False(Path.Exists(folder["nothing"]));
    }

    [Fact]
    public void Take_RunInUse_NamesTheProcessUntilItIsGivenBack()
    {
        using (RunLock.Take(folder.Path))
        {
            CheckpointException failure = Assert.Throws<CheckpointException>(() => RunLock.Take(folder.Path));
            Assert.Contains(
                $"in use by process {Environment.ProcessId} on {Environment.MachineName};", failure.Message, StringComparison.Ordinal);
        }

        RunLock.Take(folder.Path).Dispose();
    }

    [Fact]
    public void Take_LockIsALink_IsRefusedAndTouchesNothing()
    {
        File.CreateSymbolicLink(folder[".lock"], folder["victim"]);
        Assert.Contains(
            "symbolic link", Assert.Throws<CheckpointException>(() => RunLock.Take(folder.Path)).Message, StringComparison.Ordinal);
        Assert.False(File.Exists(folder["victim"]));
    }

    [Theory]
    [InlineData("resume")]
    [InlineData("exist-ok")]
    public void Train_RunInUse_IsRefusedAndLeavesItsFiles(string how)
    {
        string run = TinyRuns.Copy(runs.Run, folder["exp"]);
        string[] before = Files(run);
        string[] args = how == "resume"
            ? ["train", "--resume", run]
            : TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "1", "--exist-ok");
        using (RunLock.Take(run))
        {
            CommandResult result = CommandResult.Of(args);
            Assert.Equal(2, result.Code);
            Assert.Contains($"'{run}' is in use by process", result.Error, StringComparison.Ordinal);
        }

        Assert.Equal(before, Files(run));
        Assert.Equal(0, CommandResult.Of([.. args, "--quiet"]).Code);
    }

    [Fact]
    public void Train_ProcessThatTrains_HasTheRunUntilItIsKilled()
    {
        string run = folder["exp"];
        using Process first = CommandResult.Start(
            NoEnvironment, TinyRuns.Train(runs.Data, folder.Path, "exp", "--epochs", "1000", "--val-every", "1000"));
        try
        {
            while (first.StandardError.ReadLine() is { } line && !line.StartsWith("epoch 2 ", StringComparison.Ordinal))
            {
            }

            CommandResult second = CommandResult.Of("train", "--resume", run, "--quiet");
            Assert.Equal(2, second.Code);
            Assert.Contains($"'{run}' is in use by process {first.Id} on ", second.Error, StringComparison.Ordinal);
            first.Kill();
            first.WaitForExit();
        }
        finally
        {
            first.Kill();
        }

        CommandResult resumed = CommandResult.CancelledAt("epoch ", "train", "--resume", run);
        Assert.True(resumed.Code == 130, resumed.Error);
    }

    [Theory]
    [InlineData("weights")]
    [InlineData("state")]
    public void Train_FolderOfTheRunIsALink_IsRefusedAndWritesNothingThere(string name)
    {
        string run = TinyRuns.Copy(runs.Run, folder["exp"]);
        Directory.Move(Path.Combine(run, name), folder["other"]);
        Directory.CreateSymbolicLink(Path.Combine(run, name), folder["other"]);
        string[] before = Files(folder["other"]);
        CommandResult result = CommandResult.Of("train", "--resume", run, "--quiet");
        Assert.Equal(2, result.Code);
        Assert.Contains($"'{Path.Combine(run, name)}' is a symbolic link", result.Error, StringComparison.Ordinal);
        Assert.Equal(before, Files(folder["other"]));
    }

    private static string[] Files(string path) =>
    [
        .. Directory.GetFiles(path, "*", SearchOption.AllDirectories).Where(file => !file.Contains("/.lock", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(file => $"{file} {TinyRuns.Hash(file)}"),
    ];
}
