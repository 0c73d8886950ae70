namespace Sunet.Cli.Settings;

/// <summary>The headings that help puts settings under.</summary>
internal static class SettingGroups
{
    public const string Data = "data", Run = "run", Model = "model", Input = "input", Optimisation = "optimisation",
        Augmentation = "augmentation", Prediction = "prediction", Measuring = "measuring", Export = "export", Loading = "loading",
        Device = "device", Output = "output";

    // A name that means one thing to most verbs and another to one of them has its group at the latter's setting.
    private static readonly (string Heading, string[] Names)[] Table =
    [
        (Data, ["data", "source", "train-split", "val-split", "split", "limit", "binary-masks", "colour-map", "val", "size"]),
        (Run, ["recipe", "config", "resume", "dry-run"]),
        (Model, ["model", "filters", "depth", "widths", "stem-width", "residual-width", "output-stride", "multigrid", "degrid", "weights",
            "weights-entry", "weights-prefix", "classes"]),
        (Input, ["imgsz", "batch", "train"]),
        (Optimisation, ["epochs", "iters", "lr", "momentum", "nesterov", "weight-decay", "schedule", "lr-step-size", "lr-gamma", "warmup",
            "bn-momentum", "freeze-bn", "accumulate", "ema", "class-weights", "label-smoothing", "dice", "clip-norm",
            "final-lr-multiplier", "calibrate", "seed"]),
        (Augmentation, ["scale-min", "scale-max", "rotation", "area-min", "color-jitter", "lighting", "flip"]),
        (Prediction, ["scales", "tile", "overlap", "crop", "crop-stride", "crop-base", "strategies"]),
        (Measuring, ["window", "quick", "only"]),
        (Export, ["format", "fold", "verify", "sizes"]),
        (Loading, ["workers", "cache", "decode-memory", "pixel-cap"]),
        (Device, ["device", "threads", "precision", "deterministic", "cuda-graph", "tune", "precompiled", "workspace-limit", "winograd",
            "float16"]),
        (Output, ["out", "out-format", "project", "name", "exist-ok", "val-every", "save-every", "patience", "probabilities", "overlay",
            "legend", "activations", "submission", "csv", "roofline", "json", "quiet"]),
    ];

    /// <summary>The headings that some of the settings stand below, in the order of help, each with those settings.</summary>
    public static IEnumerable<(string Heading, IReadOnlyList<Setting> Settings)> Of(IReadOnlyList<Setting> settings) =>
        Table.Select(group => (group.Heading, (IReadOnlyList<Setting>)[.. settings.Where(s => HeadingOf(s) == group.Heading)]))
            .Where(group => group.Item2.Count > 0);

    private static string HeadingOf(Setting setting) => setting.Group ?? Table.First(group => group.Names.Contains(setting.Name)).Heading;
}
