namespace Sunet.Cli.Runs.Training;

/// <summary>How much a run does.</summary>
/// <param name="Batches">The batches it trains on, those that are accumulated for one update each counted.</param>
/// <param name="Validations">How often it validates.</param>
internal readonly record struct RunLength(long Batches, long Validations);
