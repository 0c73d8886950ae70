using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting.Scores;
using Sunet.Native.Inference;

namespace Sunet.Cli.Runs.Reporting.Contents;

/// <summary>What a validation of a run's best weights found.</summary>
/// <param name="Result">The counts of all pixels, and of the labels.</param>
/// <param name="Scores">The images one by one, and the counts near borders.</param>
internal sealed record SplitMeasures(EvaluationResult Result, ImageScores Scores)
{
    /// <summary>How a training validates, and a report with it, so that both find the same.</summary>
    public static PredictorOptions Options { get; } = new() { TileSize = 0 };

    /// <summary>The counts of all pixels.</summary>
    public ConfusionMatrix Matrix => Result.Matrix;

    /// <summary>Copies what was found without the pictures, so that it takes little memory while a training goes on.</summary>
    public SplitMeasures WithoutPictures() => this with { Result = Result with { Shown = [] } };

    /// <summary>Validates.</summary>
    /// <param name="predictor">Of the weights that are reported, with <see cref="Options"/>.</param>
    /// <param name="data">The data.</param>
    /// <param name="shown">How many images are kept with their predictions.</param>
    /// <param name="report">Told how many images are done.</param>
    /// <param name="cancellation">Stops between two runs of the network.</param>
    /// <exception cref="Sunet.Native.DataException">An image cannot be read.</exception>
    public static SplitMeasures Measure(
        Predictor predictor, ValidationData data, int shown, Action<int> report, CancellationToken cancellation)
    {
        var scores = new ImageScores(data.Validation.ClassCount);
        EvaluationResult result = Evaluation.Run(
            predictor, data.Validation, data.PixelCap, int.MaxValue, shown, report, cancellation, observe: scores.Add);
        return new SplitMeasures(result, scores);
    }
}
