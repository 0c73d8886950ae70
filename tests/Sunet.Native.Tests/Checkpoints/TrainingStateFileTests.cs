using Sunet.Native.Checkpoints;
using Sunet.Native.Files;
using Sunet.Native.Tests.Files;

namespace Sunet.Native.Tests.Checkpoints;

public sealed class TrainingStateFileTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Save_SeveralSteps_KeepsTheLastTwo()
    {
        foreach (long step in new[] { 2, 9, 10, 11 })
            Assert.Equal(folder[$"state-{step}.safetensors"], Save(step));

        Assert.Equal(["state-10.safetensors", "state-11.safetensors"], folder.Names);
        TrainingStateSearch found = TrainingStateFile.FindLatest(folder.Path);
        Assert.Equal((folder["state-11.safetensors"], 11L), (found.Path, found.Step));
        Assert.Empty(found.Skipped);
        using SafetensorsFile file = SafetensorsFile.Open(found.Path!);
        Assert.Equal([11f], file.Floats("w"));
        Assert.Equal("0.5", file.Metadata["best"]);
        Assert.Equal("11", file.Metadata[TrainingStateFile.StepKey]);
    }

    [Fact]
    public void Save_SameStepAgain_ReplacesIt()
    {
        Save(4);
        Save(4);
        Assert.Equal(["state-4.safetensors"], folder.Names);
    }

    [Fact]
    public void Save_AfterAStepBack_RemovesTheCourseGivenUp()
    {
        Save(100);
        Save(200);
        Save(150);
        Assert.Equal(["state-100.safetensors", "state-150.safetensors"], folder.Names);
        Assert.Equal(150, TrainingStateFile.FindLatest(folder.Path).Step);
    }

    [Fact]
    public void Save_LaterStateCannotBeRemoved_Throws()
    {
        Save(200);
        FaultyFileCalls calls = new() { FailAt = 1, Persistent = true, Only = "Delete" };
        CheckpointException e = Assert.Throws<CheckpointException>(() => Save(150, calls));
        Assert.Contains("later steps", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Save_MissingFolder_CreatesIt()
    {
        string path = TrainingStateFile.Save(folder["runs/exp/state"], 1, Samples.NoMetadata, []);
        Assert.Equal(1, TrainingStateFile.FindLatest(folder["runs/exp/state"]).Step);
        Assert.True(File.Exists(path));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Save_AnyCallFails_LeavesTheAcknowledgedStateFindable(bool persistent)
    {
        FaultyFileCalls counter = new();
        Save(1);
        Save(2, counter);
        int refused = 0;
        for (int n = 1; n <= counter.Recorded.Count; n++)
        {
            foreach (string name in folder.Names)
                File.Delete(folder[name]);
            Save(1);
            FaultyFileCalls calls = new() { FailAt = n, Persistent = persistent };
            Assert.Throws<CheckpointException>(() => Save(2, calls));
            refused++;
            Assert.Equal(1, TrainingStateFile.FindLatest(folder.Path).Step);
            Assert.Equal(["state-1.safetensors"], folder.Names);
        }

        Assert.Equal(counter.Recorded.Count, refused);
        Assert.True(refused >= 7);
    }

    [Fact]
    public void FindLatest_NewestDamaged_SkipsItAndSaysWhy()
    {
        Save(1);
        Save(2);
        byte[] bytes = File.ReadAllBytes(folder["state-2.safetensors"]);
        bytes[^1] ^= 1;
        File.WriteAllBytes(folder["state-2.safetensors"], bytes);
        File.WriteAllBytes(folder["state-3.safetensors"], bytes.AsSpan(0, bytes.Length / 2));
        File.Copy(folder["state-1.safetensors"], folder["state-4.safetensors"]);
        File.WriteAllBytes(folder["state-5.safetensors"], Samples.Bytes(digest: false));
        File.WriteAllText(folder["state-x.safetensors"], "not a state");
        File.WriteAllText(folder["state-06.safetensors"], "not a state");

        TrainingStateSearch found = TrainingStateFile.FindLatest(folder.Path);

        Assert.Equal(1, found.Step);
        Assert.Collection(
            found.Skipped,
            skipped => Assert.Contains("no digest", skipped.Reason, StringComparison.Ordinal),
            skipped => Assert.Contains("named for step 4 but is of step 1", skipped.Reason, StringComparison.Ordinal),
            skipped => Assert.Contains("damaged", skipped.Reason, StringComparison.Ordinal),
            skipped => Assert.Contains("does not match its digest", skipped.Reason, StringComparison.Ordinal));
        Assert.Equal(folder["state-5.safetensors"], found.Skipped[0].Path);
    }

    [Fact]
    public void FindLatest_NothingThere_FindsNothing()
    {
        Assert.Null(TrainingStateFile.FindLatest(folder.Path).Path);
        TrainingStateSearch found = TrainingStateFile.FindLatest(folder["none"]);
        Assert.Null(found.Path);
        Assert.Equal(-1, found.Step);
    }

    private string Save(long step) => Save(step, DurableFile.SystemCalls);

    private string Save(long step, IFileCalls calls) => TrainingStateFile.Save(
        folder.Path,
        step,
        new Dictionary<string, string> { ["best"] = "0.5" },
        [SafetensorsTensor.Floats("w", [1], new[] { (float)step })],
        calls);
}
