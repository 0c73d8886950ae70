namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>How many pixels of a label were predicted as a class, in one image.</summary>
/// <param name="Label">The true class.</param>
/// <param name="Prediction">The predicted class.</param>
/// <param name="Pixels">At least 1.</param>
internal readonly record struct PairCount(byte Label, byte Prediction, int Pixels)
{
    /// <summary>Whether the prediction is right.</summary>
    public bool IsRight => Label == Prediction;
}
