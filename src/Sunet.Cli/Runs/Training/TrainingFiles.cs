using System.Globalization;
using System.Text;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Measuring;
using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Reporting;
using Sunet.Native.Files;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Training;

/// <summary>The files of a training run.</summary>
/// <param name="Folder">The run folder; it exists.</param>
/// <param name="Seed">Kept in the weights' metadata.</param>
internal sealed record TrainingFiles(string Folder, ulong Seed)
{
    /// <summary>The name of the picture of what was predicted, beside the ground truth.</summary>
    public const string PredictionMosaic = "val_pictures.jpg";

    private const string StateName = "state", WeightsName = "weights";

    /// <summary>The folder of training states.</summary>
    public string State => Path.Combine(Folder, StateName);

    /// <summary>The weights of the last checkpoint.</summary>
    public string Last => Path.Combine(Folder, WeightsName, "last.safetensors");

    /// <summary>The weights of the best epoch.</summary>
    public string Best => Path.Combine(Folder, WeightsName, "best.safetensors");

    /// <summary>Makes the folders of states and weights where they are missing.</summary>
    /// <exception cref="Sunet.Native.CheckpointException">One cannot be made, or is a symbolic link.</exception>
    public void CreateFolders()
    {
        foreach (string name in new[] { StateName, WeightsName })
            RunFolder.CreateWithin(Folder, name);
    }

    /// <summary>Writes weights.</summary>
    /// <exception cref="Sunet.Native.CheckpointException">They could not be written; earlier ones are unchanged.</exception>
    public void WriteWeights(string path, SunetModel model, long step, TrainingProgress progress) =>
        model.Save(path, new Dictionary<string, string>
    {
        ["sunet.step"] = step.ToString(CultureInfo.InvariantCulture),
        ["sunet.epoch"] = progress.ClosedEpochs.ToString(CultureInfo.InvariantCulture),
        ["sunet.seed"] = Seed.ToString(CultureInfo.InvariantCulture),
        ["sunet.best_" + progress.Metrics[0].Name.ToLowerInvariant()] = Numbers.Exact(progress.BestScore),
    });

    /// <summary>Writes <c>results.csv</c> and <c>results.png</c>.</summary>
    /// <exception cref="Sunet.Native.SunetException">They could not be written.</exception>
    public void WriteResults(TrainingProgress progress)
    {
        byte[] csv = Encoding.UTF8.GetBytes(progress.ToCsv());
        DurableFile.Write(Path.Combine(Folder, ResultsTable.FileName), stream => stream.Write(csv));
        ResultsChart.Write(Path.Combine(Folder, "results.png"),
            [.. progress.Rows.Select(r => new ResultsPoint(r.Epoch, r.Loss, r.Scores, r.LearningRate))],
            [.. progress.Metrics.Select(m => $"validation {m.Name.Replace('_', ' ')}, %")], progress.BestEpoch);
    }

    /// <summary>Writes the pictures of a validation.</summary>
    /// <exception cref="Sunet.Native.DataException">They could not be written.</exception>
    public void WritePictures(EvaluationResult result, IReadOnlyList<string> classNames)
    {
        ConfusionMatrixChart.Write(Path.Combine(Folder, "confusion_matrix.png"), result.Counts(), classNames, result.Subject);
        Mosaic.Write(Path.Combine(Folder, PredictionMosaic), result.Shown, classNames, ClassPalette.Of(classNames));
    }
}
