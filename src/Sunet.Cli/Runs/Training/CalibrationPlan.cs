using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Training;

/// <summary>How running statistics are taken anew before a training's weights are measured.</summary>
/// <param name="Batches">How many batches they are taken of; 0 where they stay those of the crops.</param>
/// <param name="Images">The shape of a batch, [N, 3, H, W]; null where there are none.</param>
internal sealed record CalibrationPlan(int Batches, Shape? Images)
{
    /// <summary>The word that leaves the number of batches to the length of the training.</summary>
    public const string Auto = "auto";

    private const string Name = "calibrate";
    private const int MostBatches = 40;

    /// <summary>The share of a training's work that all its calibrations take together at most.</summary>
    private const double ShareOfTraining = 0.05;

    /// <summary>A training step does the work of a forward pass three times: forward, and twice that backward.</summary>
    private const double ForwardPassesOfStep = 3;

    private static CalibrationPlan None { get; } = new(0, null);

    /// <summary>
    /// Reads the setting. An automatic number follows from sizes and counts, not from time, so that the same command gives the same
    /// weights everywhere.
    /// </summary>
    /// <param name="values">The settings of the run.</param>
    /// <param name="loader">How its batches are made.</param>
    /// <param name="validation">The images that it validates on.</param>
    /// <param name="length">How much it does.</param>
    /// <exception cref="ConfigurationException">The setting is out of range, or contradicts another.</exception>
    public static CalibrationPlan For(
        SettingValues values, BatchLoaderSettings loader, SegmentationDataset validation, RunLength length)
    {
        bool isAutomatic = values.Text(Name) == Auto, keepsStatistics = values.Flag("freeze-bn");
        int given = isAutomatic ? 0 : values.Int(Name, 0);
        if (given > 0 && keepsStatistics)
            throw new ConfigurationException("'--calibrate' takes running statistics anew and '--freeze-bn' keeps them; give one of them.");
        if (keepsStatistics || (given == 0 && !isAutomatic))
            return None;
        (int height, int width) = Calibration.UsualSize(validation);
        var images = new Shape(loader.BatchSize, 3, height, width);
        if (!isAutomatic)
            return new CalibrationPlan(given, images);
        AugmentationSettings crop = loader.Augmentation;
        double trained = ForwardPassesOfStep * crop.CropHeight * crop.CropWidth * length.Batches;
        double affordable = ShareOfTraining * trained / length.Validations / ((double)height * width);
        return affordable < 1 ? None : new CalibrationPlan((int)Math.Min(affordable, MostBatches), images);
    }
}
