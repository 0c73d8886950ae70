namespace Sunet.Native.Graphs;

/// <summary>One input of an op under a name of its own: the value there, also after a pass has put another in its place.</summary>
public sealed class OpInput
{
    internal OpInput(Value value) => Value = value;

    /// <summary>The value that the op reads here.</summary>
    public Value Value { get; internal set; }
}
