using System.Text;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Runs.Reporting.Pages;
using Sunet.Cli.Settings;
using Sunet.Native.Backends;
using Sunet.Native.Files;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Reporting;

/// <summary>Makes the report of a run: one file with curves, scores, images and settings.</summary>
internal static class RunReport
{
    /// <summary>The name of the file within a run folder.</summary>
    public const string FileName = "report.html";

    /// <summary>Writes the report of a segmenter's run into its folder.</summary>
    /// <param name="run">The run.</param>
    /// <param name="data">Its data.</param>
    /// <param name="measures">What the validation of its best weights found; null to validate them again.</param>
    /// <param name="backend">What images are predicted on.</param>
    /// <param name="report">Told what is done, in a few words.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The file.</returns>
    /// <exception cref="Sunet.Native.SunetException">Weights, data or file are no good.</exception>
    public static string Write(RunRecord run, ValidationData data, SplitMeasures? measures, IBackend backend, Action<string> report,
        CancellationToken cancellation)
    {
        using SunetModelFile model = SunetModelFile.Open(run.Weights);
        using var predictor = new Predictor(model, SplitMeasures.Options, backend);
        measures ??= SplitMeasures.Measure(predictor, data, shown: 0, done => report($"validating {done}"), cancellation);
        SegmenterContent content = Gather(predictor, data, measures, backend, (done, all) => report($"report {done}/{all}"), cancellation);
        string path = Path.Combine(run.Folder, FileName);
        Save(path, RunPage.Write(new ReportContent(run, content)));
        return path;
    }

    /// <summary>Chooses and draws the images of a report, and looks at the data.</summary>
    /// <param name="predictor">Of the weights that are reported.</param>
    /// <param name="data">The data.</param>
    /// <param name="measures">What the validation of these weights found.</param>
    /// <param name="backend">What the predictor runs on.</param>
    /// <param name="report">Told how many images are done, and of how many.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="Sunet.Native.SunetException">An image cannot be read, or does not fit into memory.</exception>
    public static SegmenterContent Gather(Predictor predictor, ValidationData data, SplitMeasures measures, IBackend backend,
        Action<int, int> report, CancellationToken cancellation)
    {
        ReportImages images = ReportImages.Gather(predictor, data, measures.Scores, report, cancellation);
        return new SegmenterContent(measures, data.Validation.ClassNames, images, DataFindings.Of(data, cancellation),
            $"{backend.Name} in {DeviceSettings.Name(backend.Precision)}");
    }

    /// <summary>Writes a page to a file.</summary>
    /// <param name="path">The file; its folder exists.</param>
    /// <param name="page">The page.</param>
    /// <exception cref="Sunet.Native.CheckpointException">It cannot be written.</exception>
    public static void Save(string path, string page)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(page);
        DurableFile.Write(path, stream => stream.Write(bytes));
    }
}
