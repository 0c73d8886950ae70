using Sunet.Data.Datasets;

namespace Sunet.Cli.Output;

/// <summary>Shows how far work on a data set is, from the moment it is known how much there is to do.</summary>
internal sealed class DatasetProgressLine(CommandOutput output, bool quiet) : IProgress<DatasetProgress>, IDisposable
{
    private ProgressLine? line;

    /// <inheritdoc/>
    public void Report(DatasetProgress value)
    {
        line ??= output.StartProgress(value.Total, quiet);
        line.Report(value.Done, "images", "");
    }

    /// <inheritdoc/>
    public void Dispose() => line?.Dispose();
}
