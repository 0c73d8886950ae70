namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// A global that is not known, or anything made with one: whatever is done to it leaves it as it is, and what it is given is dropped.
/// </summary>
/// <param name="name">Module and name of the global, as messages show it.</param>
internal sealed class PickledOpaque(string name)
{
    /// <summary>A set, which no weight depends on.</summary>
    public static PickledOpaque Set { get; } = new("set");

    public string Name => name;
}
