using Sunet.Native.Backends;

namespace Sunet.Verification;

/// <summary>The settings of a self-test: the checks it makes and their tolerances.</summary>
public sealed record SelfTestOptions
{
    /// <summary>The arithmetic of the backend under test.</summary>
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>Fewer shapes of each op and one golden case.</summary>
    public bool Quick { get; init; }

    /// <summary>Groups and names of checks, of those in <see cref="SelfTest.Names"/>; empty for all.</summary>
    public IReadOnlyList<string> Only { get; init; } = [];

    /// <summary>Whether training is asked for, which has methods of its own.</summary>
    public bool CoversTraining => Covers(SelfTestGroups.Training, SelfTestGroups.Training);

    /// <summary>Whether a check is asked for.</summary>
    internal bool Covers(string group, string name) => Only.Count == 0 || Only.Contains(group) || Only.Contains(name);
}

/// <summary>One thing a self-test measured.</summary>
/// <param name="Group">What it belongs to: <c>op</c>, <c>layer</c>, <c>golden</c> or <c>training</c>.</param>
/// <param name="Name">Which op, layer or golden case.</param>
/// <param name="Error">How far from what is right; infinite where there is no result.</param>
/// <param name="Tolerance">How far is still right.</param>
/// <param name="Milliseconds">What the backend took.</param>
/// <param name="Bytes">The memory of the largest plan; 0 where none was made.</param>
/// <param name="Detail">What the error is of, or why there is no result.</param>
public sealed record SelfTestCheck(
    string Group, string Name, double Error, double Tolerance, double Milliseconds, long Bytes, string Detail)
{
    /// <summary>Whether the error is within its tolerance; NaN is not.</summary>
    public bool Passed => Error <= Tolerance;
}

/// <summary>The results of a self-test.</summary>
/// <param name="Checks">In the order they ran.</param>
public sealed record SelfTestReport(IReadOnlyList<SelfTestCheck> Checks)
{
    /// <summary>Whether there was something to check and all of it is right.</summary>
    public bool Passed => Checks.Count > 0 && Checks.All(c => c.Passed);
}
