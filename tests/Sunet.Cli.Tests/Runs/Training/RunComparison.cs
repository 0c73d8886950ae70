namespace Sunet.Cli.Tests.Runs.Training;

/// <summary>Compares what two training runs left.</summary>
internal static class RunComparison
{
    /// <summary>Asserts that two runs have equal weights, to the bit, and equal results but for the times.</summary>
    public static void AssertSame(string whole, string parts)
    {
        foreach (string file in new[] { "last.safetensors", "best.safetensors" })
            Assert.Equal(TinyRuns.Hash(Path.Combine(whole, "weights", file)), TinyRuns.Hash(Path.Combine(parts, "weights", file)));
        Assert.Equal(Rows(whole), Rows(parts));
    }

    private static string[] Rows(string run) => [.. File.ReadAllLines(Path.Combine(run, "results.csv"))
        .Select(line => line.Split(',')).Select(cells => string.Join(',', cells.Take(1).Concat(cells.Skip(2))))];
}
