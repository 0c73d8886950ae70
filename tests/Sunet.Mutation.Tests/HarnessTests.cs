namespace Sunet.Mutation.Tests;

/// <summary>What the mutation runs would find is found where it is planted.</summary>
public sealed class HarnessTests
{
    private const long Budget = 64 << 20;

    [Fact]
    public void Problem_Refusal_IsNone() => Assert.Null(MutatedRun.Of(error =>
    {
        error.WriteLine("sunet: 'file' is damaged.");
        return 2;
    }).Problem(Budget));

    [Fact]
    public void Problem_InternalError_IsFound() => Assert.Contains("exit code 70", MutatedRun.Of(_ => 70).Problem(Budget));

    [Fact]
    public void Problem_RefusalWithoutAWord_IsFound() => Assert.Contains("without a word", MutatedRun.Of(_ => 1).Problem(Budget));

    [Fact]
    public void Problem_Hang_IsFound()
    {
        using var never = new ManualResetEventSlim();
        MutatedRun run = MutatedRun.Of(_ =>
        {
            never.Wait(MutatedRun.MostTime + TimeSpan.FromSeconds(2));
            return 0;
        });
        Assert.Contains("did not end", run.Problem(Budget));
        never.Set();
    }

    [Fact]
    public void Problem_MuchMemory_IsFound()
    {
        MutatedRun run = MutatedRun.Of(_ =>
        {
            var memory = new byte[2 * Budget];
            memory.AsSpan().Fill(1);
            return memory[^1] - 1;
        });
        Assert.Contains("are allowed", run.Problem(Budget));
    }

    [Fact]
    public void Mutate_SameSeed_ChangesTheSame()
    {
        byte[] original = [.. Enumerable.Range(0, 200).Select(i => (byte)i)];
        byte[][] changed = [.. Enumerable.Range(0, 100).Select(seed => new Mutator(seed).Mutate(original, isText: false))];
        Assert.All(changed, (bytes, seed) => Assert.Equal(bytes, new Mutator(seed).Mutate(original, isText: false)));
        Assert.True(changed.Count(bytes => !bytes.AsSpan().SequenceEqual(original)) > 90);
    }
}
