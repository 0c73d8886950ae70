using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
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
    /// <param name="settings">The settings of the run.</param>
    /// <param name="loader">How its batches are made.</param>
    /// <param name="splits">The data.</param>
    /// <exception cref="ConfigurationException">The setting is out of range, or contradicts another.</exception>
    public static CalibrationPlan For(TrainSettings settings, BatchLoaderSettings loader, SegmentationSplits splits)
    {
        SettingValues values = settings.Values;
        bool isAutomatic = values.Text(Name) == Auto, keepsStatistics = values.Flag("freeze-bn");
        int given = isAutomatic ? 0 : values.Int(Name, 0);
        if (given > 0 && keepsStatistics)
            throw new ConfigurationException("'--calibrate' takes running statistics anew and '--freeze-bn' keeps them; give one of them.");
        if (keepsStatistics || (given == 0 && !isAutomatic))
            return None;
        (int height, int width) = Calibration.UsualSize(splits.Validation);
        var images = new Shape(loader.BatchSize, 3, height, width);
        if (!isAutomatic)
            return new CalibrationPlan(given, images);
        int affordable = Affordable(settings, loader, splits.Training.Items.Count, (double)height * width * loader.BatchSize);
        return affordable == 0 ? None : new CalibrationPlan(Math.Min(affordable, MostBatches), images);
    }

    /// <summary>The batches of whole images that each calibration may take.</summary>
    private static int Affordable(TrainSettings settings, BatchLoaderSettings loader, int images, double pixelsOfBatch)
    {
        int accumulate = settings.Trainer.Accumulate, epoch = Math.Max(1, images / loader.BatchSize / accumulate);
        long steps = settings.Steps(epoch);
        AugmentationSettings crop = loader.Augmentation;
        double pixels = (double)crop.CropHeight * crop.CropWidth * loader.BatchSize * accumulate * steps;
        double measured = Math.Ceiling((double)steps / epoch / settings.ValidateEvery);
        return (int)Math.Min(MostBatches, ShareOfTraining * ForwardPassesOfStep * pixels / measured / pixelsOfBatch);
    }
}
