namespace Sunet.Data.Reporting;

/// <summary>What an epoch came to; NaN where nothing was measured.</summary>
/// <param name="Epoch">Epochs finished.</param>
/// <param name="TrainLoss">The mean training loss.</param>
/// <param name="Scores">What validation measured, one for each of the run's metrics.</param>
/// <param name="LearningRate">The learning rate at the epoch's end.</param>
internal readonly record struct ResultsPoint(double Epoch, double TrainLoss, IReadOnlyList<double> Scores, double LearningRate);
