namespace Sunet.Native.Graphs;

/// <summary>One input of an op under a name of its own: the value there, also after a pass has put another in its place.</summary>
public sealed class OpInput
{
    private readonly IReadOnlyList<Value> inputs;
    private readonly int index;

    internal OpInput(IReadOnlyList<Value> inputs, int index)
    {
        this.inputs = inputs;
        this.index = index;
    }

    /// <summary>The value that the op reads here.</summary>
    public Value Value => inputs[index];
}
