using Sunet.Cli.Output;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Cli.Runs.Reporting.Pages;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Reporting;

/// <summary>Makes the report of a finished run again, or one that compares several.</summary>
internal static class ReportRun
{
    /// <summary>Validates the best weights of runs and writes one page.</summary>
    /// <param name="folders">The run folders; at least one.</param>
    /// <param name="values">The settings of the verb.</param>
    /// <param name="output">Where everything that is said goes.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="SunetException">A folder is none of a run, or its weights or data are no good.</exception>
    public static void Execute(IReadOnlyList<string> folders, SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        RunRecord[] runs = [.. folders.Select(RunRecord.Read)];
        if (runs.Select(run => run.Folder).Distinct().Count() < runs.Length)
            throw new ConfigurationException("A run is named twice; each is compared with the others once.");
        string path = values.TextOrNull("out") is { } given ? Path.GetFullPath(given)
            : Path.Combine(runs.Length == 1 ? runs[0].Folder : Directory.GetCurrentDirectory(), RunReport.FileName);
        if (!Directory.Exists(Path.GetDirectoryName(path)))
            throw new ConfigurationException($"'--out' is '{path}', and its folder is not there.");
        string? moved = values.TextOrNull("data");
        ValidationData?[] data = [.. runs.Select(run => IsShown(run) ? ValidationData.Open(run, moved, cancellation) : null)];
        using OpenDevice device = DeviceSettings.Open(values);
        if (!values.Flag("quiet"))
            output.Progress(device.Line);

        var contents = new List<ReportContent>();
        for (int i = 0; i < runs.Length; i++)
        {
            if (data[i] is { } split)
            {
                output.Notes(split.Validation.Notes);
                contents.Add(Read(runs[i], split, device, isAlone: runs.Length == 1, values.Flag("quiet"), output, cancellation));
                continue;
            }

            output.Progress(runs[i].Results.IsSegmenter
                ? $"note: no epoch of '{runs[i].Folder}' was validated; its report has no images"
                : $"note: '{runs[i].Folder}' trained a classifier; its report has curves and settings, and no images");
            contents.Add(new ReportContent(runs[i], null));
        }

        RunReport.Save(path, runs.Length == 1 ? RunPage.Write(contents[0]) : ComparisonPage.Write(contents));
        output.Result("report: " + path);
    }

    /// <summary>Whether a run has images to show.</summary>
    private static bool IsShown(RunRecord run) => run.Results is { IsSegmenter: true, Best: >= 0 };

    private static ReportContent Read(RunRecord run, ValidationData data, OpenDevice device, bool isAlone, bool quiet,
        CommandOutput output, CancellationToken cancellation)
    {
        if (!File.Exists(run.Weights))
        {
            throw new CheckpointException(
                $"The run '{run.Folder}' has no weights of its best epoch: '{run.Weights}' is not there.", run.Weights);
        }

        using SunetModelFile model = SunetModelFile.Open(run.Weights);
        if (model.Spec.Classes != data.Validation.ClassCount)
        {
            throw new CheckpointException($"The weights '{run.Weights}' have {Counted.Text(model.Spec.Classes, "classes")} and the data "
                + $"set '{data.Path}' has {data.Validation.ClassCount}.", run.Weights);
        }

        using var predictor = new Predictor(model, SplitMeasures.Options, device.Backend);
        SplitMeasures measures;
        using (ProgressLine line = output.StartProgress(data.Validation.Items.Count, quiet))
            measures = SplitMeasures.Measure(predictor, data, shown: 0, done => line.Report(done, "images", run.Name), cancellation);
        if (!isAlone)
        {
            // A comparison shows no images.
            return new ReportContent(run, new SegmenterContent(measures, data.Validation.ClassNames, ReportImages.None,
                DataFindings.None, ""));
        }

        using ProgressLine drawing = output.StartProgress(1, quiet);
        return new ReportContent(run, RunReport.Gather(predictor, data, measures, device.Backend,
            (done, all) => drawing.Report(done, "images", $"of {all} that are shown or searched"), cancellation));
    }
}
