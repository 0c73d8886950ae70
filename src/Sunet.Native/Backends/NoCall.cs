namespace Sunet.Native.Backends;

/// <summary>A call that has nothing to do, because the values lie so that it is done already.</summary>
internal sealed class NoCall : PreparedCall
{
    public override string Implementation => "in place";

    public override void Bind(IValueAddresses at)
    {
        // Nothing runs.
    }

    public override void Run()
    {
        // Nothing runs.
    }
}
