using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Inference;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>What to segment, and what to write.</summary>
internal sealed record PredictSettings(
    SettingValues Values, string Weights, string Source, PredictorOptions Predictor, int? OutputStride, bool Probabilities, bool Overlay,
    bool Legend, bool Activations, Submission? Submission, string Project, string Name, bool ExistOk, bool Json,
    bool Quiet)
{
    /// <summary>The ends of the names of a label map, of probabilities, of an overlay and of a chart of activations.</summary>
    public const string LabelsEnding = ".png", ProbabilitiesEnding = ".npy",
        OverlayEnding = "_overlay.jpg", ActivationsEnding = "_activations.png";

    /// <summary>How many images are decoded at a time.</summary>
    public int Workers { get; } = DecodingSettings.WorkersOf(Values);

    /// <summary>The most pixels of an image.</summary>
    public long PixelCap { get; } = DecodingSettings.PixelCapOf(Values);

    /// <summary>The raw frames on standard input; null where images are in files.</summary>
    public FrameSettings? Frames { get; } = FrameSettings.From(Values);

    /// <summary>Reads the settings.</summary>
    /// <exception cref="ConfigurationException">One is missing or out of range.</exception>
    public static PredictSettings From(SettingValues values)
    {
        var settings = new PredictSettings(
            values, values.Text("weights"), values.Text("source"),
            PredictionSettings.Options(values), PredictionSettings.OutputStride(values),
            values.Flag("probabilities"), values.Flag("overlay"), values.Flag("legend"),
            values.Flag("activations"), Submission.From(values),
            values.Text("project"), values.Text("name"), values.Flag("exist-ok"), values.Flag("json"),
            values.Flag("quiet"));
        if (settings.Submission is not null && (settings.Legend || settings.Activations))
            throw new ConfigurationException("'--submission' writes label maps only; leave out '--legend' and '--activations'.");
        if (settings.Legend && !settings.Overlay)
            throw new ConfigurationException("'--legend' is drawn below the overlay; leave out '--no-overlay'.");
        return settings;
    }

    /// <summary>What the names of an image's results end with.</summary>
    public IReadOnlyList<string> Endings
    {
        get
        {
            List<string> endings = [LabelsEnding];
            if (Probabilities)
                endings.Add(ProbabilitiesEnding);
            if (Overlay && Submission is null)
                endings.Add(OverlayEnding);
            if (Activations)
                endings.Add(ActivationsEnding);
            return endings;
        }
    }
}
