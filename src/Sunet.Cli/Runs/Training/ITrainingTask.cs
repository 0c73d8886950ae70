using Sunet.Cli.Runs.Reporting.Contents;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Training;

/// <summary>What a run trains for: its data, and how a model is measured on it. All else of a run is the same for every task.</summary>
internal interface ITrainingTask
{
    /// <summary>The head that is trained.</summary>
    SunetHead Head { get; }

    /// <summary>The classes' names by index.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>The names of the images to train on, in the split's order; batches follow from it.</summary>
    IReadOnlyList<string> TrainingImages { get; }

    /// <summary>How many images there are to validate on.</summary>
    int ValidationCount { get; }

    /// <summary>How many of them are also trained on.</summary>
    int SharedCount { get; }

    /// <summary>What a user should know of the data and is no defect, a sentence each.</summary>
    IReadOnlyList<string> DataNotes { get; }

    /// <summary>What is probably wrong with the labels, a sentence a split; some of them are read for it.</summary>
    /// <param name="cancellation">Stops between two label maps.</param>
    IReadOnlyList<string> LabelDoubts(CancellationToken cancellation);

    /// <summary>Counts how often each class occurs in the labels to train on; all label maps are read.</summary>
    /// <param name="report">Told how many images are done.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="DataException">A label map cannot be read.</exception>
    ClassFrequencies CountClasses(Action<int> report, CancellationToken cancellation);

    /// <summary>What a validation measures; the first decides which epoch is the best.</summary>
    IReadOnlyList<Metric> Metrics { get; }

    /// <summary>The threads that load data.</summary>
    int Workers { get; }

    /// <summary>Opens the batches to train on.</summary>
    /// <exception cref="ConfigurationException">A batch is larger than the data.</exception>
    BatchLoader OpenLoader();

    /// <summary>The largest network that a validation compiles, and for which images.</summary>
    (SunetGraph Network, string Images) LargestValidation(SunetSpec spec);

    /// <summary>
    /// The batches that running statistics are taken of before a model is measured or saved; 0: they stay those of training.
    /// </summary>
    int CalibrationBatches { get; }

    /// <summary>The shape of those batches, [N, 3, H, W]; null where there are none.</summary>
    Shape? CalibrationImages { get; }

    /// <summary>Takes the running statistics of a model anew, of <see cref="CalibrationBatches"/>.</summary>
    /// <param name="model">Of <see cref="Head"/>, with the data's classes.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="report">Told how many batches are done.</param>
    /// <param name="cancellation">Stops between two batches; the model is as it was.</param>
    /// <exception cref="SunetException">An image cannot be read, or the device failed.</exception>
    void Calibrate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation);

    /// <summary>Measures a model.</summary>
    /// <param name="model">Of <see cref="Head"/>, with the data's classes.</param>
    /// <param name="backend">Where it runs.</param>
    /// <param name="report">Told how many images are done.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <exception cref="SunetException">An image cannot be read, or the device failed.</exception>
    Validation Validate(SunetModel model, IBackend backend, Action<int> report, CancellationToken cancellation);

    /// <summary>Writes the page that shows a finished run into its folder; does nothing where the task has none.</summary>
    /// <param name="folder">The run folder.</param>
    /// <param name="best">What the validation of the best weights found; null where it was not in this process.</param>
    /// <param name="backend">Where images are predicted.</param>
    /// <param name="report">Told what is done, in a few words.</param>
    /// <param name="cancellation">Stops between two images.</param>
    /// <returns>The file; null where there is none.</returns>
    /// <exception cref="SunetException">An image cannot be read, the device failed, or the file cannot be written.</exception>
    string? WriteReport(string folder, SplitMeasures? best, IBackend backend, Action<string> report, CancellationToken cancellation);
}

/// <summary>What a validation found.</summary>
/// <param name="Scores">In percent, one for each of the task's metrics.</param>
/// <param name="WritePictures">Writes what there is to look at to a run's files.</param>
internal sealed record Validation(IReadOnlyList<double> Scores, Action<TrainingFiles> WritePictures)
{
    /// <summary>The one of them that shows the most, by its name in the run folder; null where there is none.</summary>
    public string? MainPicture { get; init; }

    /// <summary>What a report shows of it, without pictures; null for a classifier.</summary>
    public SplitMeasures? Measures { get; init; }
}
