namespace Sunet.Native.Checkpoints.PyTorch;

/// <summary>
/// What the pickles of one file may cost together. A step makes at most some hundred bytes, so that this bounds memory as well as time; a
/// checkpoint of a network and its optimizer takes some forty steps a tensor.
/// </summary>
internal sealed class PickleBudget
{
    public const int Steps = 1 << 18;

    private int left = Steps;

    /// <summary>Takes steps away.</summary>
    /// <exception cref="NotSupportedException">There are no more.</exception>
    public void Spend(int steps)
    {
        left -= steps;
        if (left < 0)
            throw new NotSupportedException($"it pickles more objects than a state dict has; up to {Steps} steps are interpreted");
    }
}
