using Sunet.Data.Datasets;

namespace Sunet.Cli.Settings;

/// <summary>The settings of how a data set's labels are read.</summary>
internal static class LabelSettings
{
    /// <summary>The usual names of the parts of a data set.</summary>
    public static IReadOnlyList<string> Splits { get; } = ["train", "val", "trainval", "trainaug", "test"];

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Switch("binary-masks", "read 255 in masks as class 1 and not as ignored: two classes, PNG masks of 0 and 255"),
    ];

    /// <summary>How labels are read.</summary>
    public static DatasetOptions Options(SettingValues values) => new() { BinaryMasks = values.Flag("binary-masks") };
}
