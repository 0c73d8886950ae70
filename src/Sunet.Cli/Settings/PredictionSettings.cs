using Sunet.Native;
using Sunet.Native.Inference;
using static System.FormattableString;

namespace Sunet.Cli.Settings;

/// <summary>How images are looked at.</summary>
internal static class PredictionSettings
{
    private const double TwoThirds = 2.0 / 3;

    private static readonly string[] Cropped = ["crop-stride", "crop-base"], Tiled = ["tile", "overlap"];

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("scales", "factors on the image whose predictions are averaged, such as 0.5,0.75,1,1.25", "1"),
        Setting.Switch("flip", "average in the mirrored image") with { Group = SettingGroups.Prediction },
        Setting.Value("tile", "images with a longer side are cut into tiles of this side; 0 never cuts", "2048"),
        Setting.Value("overlap", "pixels that tiles share", "256"),
        Setting.Value("crop", "cut the image at every scale into crops of this side, padded; 0 for none", "0"),
        Setting.Value("crop-stride", "from crop to crop, as a share of its side", Invariant($"{TwoThirds}")),
        Setting.Value("crop-base", "resize the shorter side to this times the scale before crops are cut; 0 for the image's own", "0"),
        Setting.Value("output-stride",
            "another output stride than the checkpoint's: 32, 16 or 8 (statistics fit the checkpoint's; see 'calibrate')") with
        {
            Choices = ModelSettings.OutputStrides,
        },
    ];

    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public static PredictorOptions Options(SettingValues values)
    {
        int crop = values.Int("crop", 0);
        if ((crop == 0 ? Cropped : Tiled).FirstOrDefault(values.IsGiven) is { } idle)
            throw new ConfigurationException($"'--{idle}' has no effect {(crop == 0 ? "without" : "with")} '--crop'.");
        var options = new PredictorOptions
        {
            Scales = values.Numbers("scales"),
            Flip = values.Flag("flip"),
            TileSize = values.Int("tile", 0),
            TileOverlap = values.Int("overlap", 0),
            CropSize = crop,
            CropStride = values.Number("crop-stride", 0),
            CropBase = values.Int("crop-base", 0),
        };
        options.Validate();
        return options;
    }

    /// <summary>The output stride asked for; null for the checkpoint's.</summary>
    public static int? OutputStride(SettingValues values) => values.IsGiven("output-stride") ? ModelSettings.OutputStride(values) : null;
}
