using Sunet.Cli.Output;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Settings;

/// <summary>A model and the input it is compiled for.</summary>
internal static class PlanSettings
{
    private const int VocClasses = 21;

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        .. ModelSettings.Settings,
        .. WeightsSettings.Settings("checkpoint, in place of --model"),
        Setting.Value("classes", "classes of --model", FormattableString.Invariant($"{VocClasses}")),
        Setting.Value("imgsz", "a side, or height x width", "512"),
        Setting.Value("batch", "images in a batch", "1"),
        Setting.Switch("train", "the training step rather than prediction"),
    ];

    /// <summary>The model: a checkpoint's, or a fresh one.</summary>
    /// <param name="values">The settings.</param>
    /// <param name="output">Told how the checkpoint was read.</param>
    /// <exception cref="SunetException">A setting is missing or out of range, or the checkpoint is no good.</exception>
    public static SunetModel Model(SettingValues values, CommandOutput output)
    {
        WeightsSettings.RefuseIdle(values);
        values = WeightsSettings.InRunFolder(values);
        if (values.TextOrNull("weights") is not null)
        {
            if (values.IsGiven("model"))
                throw new ConfigurationException("'--weights' has a model of its own; leave out '--model'.");
            SunetModel model = WeightsSettings.Load(values, output);
            return PredictionSettings.OutputStride(values) is { } outputStride ? model.WithOutputStride(outputStride) : model;
        }

        string[] names = [.. Enumerable.Range(0, Classes(values)).Select(c => FormattableString.Invariant($"class{c}"))];
        return SunetModel.Create(ModelSettings.Segmenter(values, names));
    }

    /// <summary>The shape of the input, [N, 3, H, W].</summary>
    public static Shape Image(SettingValues values)
    {
        (int height, int width) = values.Size("imgsz");
        return new Shape(values.Int("batch", 1), 3, height, width);
    }

    /// <summary>The number of classes of a segmenter; the label above the last one is ignored.</summary>
    /// <exception cref="ConfigurationException">It is out of range.</exception>
    public static int Classes(SettingValues values) => values.Int("classes", 1, LabelFile.IgnoreLabel);
}
