namespace Sunet.Cli.Runs.Reporting.Scores;

/// <summary>Connected pixels of one key, such as a pair of a label and a prediction.</summary>
/// <param name="Key">The key; not 0.</param>
/// <param name="Pixels">How many pixels there are.</param>
/// <param name="Left">The leftmost column.</param>
/// <param name="Top">The uppermost row.</param>
/// <param name="Width">Columns from the leftmost to the rightmost.</param>
/// <param name="Height">Rows from the uppermost to the lowest.</param>
/// <param name="WeightSum">The sum of the pixels' weights.</param>
internal sealed record Region(int Key, int Pixels, int Left, int Top, int Width, int Height, double WeightSum);
