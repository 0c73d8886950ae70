using Sunet.Native;
using Sunet.Native.Inference;

namespace Sunet.Cli.Settings;

/// <summary>How images are looked at.</summary>
internal static class PredictionSettings
{
    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("scales", "factors on the image whose predictions are averaged, such as 0.5,0.75,1,1.25", "1"),
        Setting.Switch("flip", "average in the mirrored image"),
        Setting.Value("tile", "images with a longer side are cut into tiles of this side; 0 never cuts", "2048"),
        Setting.Value("overlap", "pixels that tiles share", "256"),
        Setting.Value("output-stride", "another output stride than the checkpoint's: 32, 16 or 8"),
    ];

    /// <summary>Reads them.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public static PredictorOptions Options(SettingValues values)
    {
        var options = new PredictorOptions
        {
            Scales = values.Numbers("scales"),
            Flip = values.Flag("flip"),
            TileSize = values.Int("tile", 0),
            TileOverlap = values.Int("overlap", 0),
        };
        options.Validate();
        return options;
    }

    /// <summary>The output stride asked for; null for the checkpoint's.</summary>
    public static int? OutputStride(SettingValues values) => values.IsGiven("output-stride") ? ModelSettings.OutputStride(values) : null;
}
