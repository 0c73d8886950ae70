using System.Diagnostics;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>
/// How many frames were segmented, how quickly, and how long each took from its last byte until its results were written.
/// </summary>
/// <param name="line">Shows how many are done.</param>
internal sealed class FrameTotals(ProgressLine line)
{
    private readonly Lock gate = new();
    private readonly LatencyHistogram latency = new();
    private long first = long.MaxValue, last;

    /// <summary>Frames whose results were written.</summary>
    public long Frames => latency.Count;

    private double FramesPerSecond => Frames / Stopwatch.GetElapsedTime(first, last).TotalSeconds;

    /// <summary>Notes that a frame's results were written.</summary>
    public void Add(PipelineImage image)
    {
        lock (gate)
        {
            last = Stopwatch.GetTimestamp();
            first = Math.Min(first, image.Completed);
            latency.Add(Stopwatch.GetElapsedTime(image.Completed, last));
            line.Report(Frames, "frames", "");
        }
    }

    /// <summary>Says so, to standard error where standard output has frames.</summary>
    /// <param name="settings">Of the run.</param>
    /// <param name="folder">Where files were written; null where frames went to standard output.</param>
    /// <param name="stages">How long each stage was the limit.</param>
    /// <param name="output">Where it goes.</param>
    public void Print(PredictSettings settings, string? folder, StageTimes stages, CommandOutput output)
    {
        if (settings.Json)
        {
            output.Json(json => Write(json, settings, folder, stages), asResult: folder is not null);
            return;
        }

        if (!settings.Quiet)
            output.Progress(stages.Text);
        string text = $"{Counted.Text(Frames, "frames")}  {Numbers.Fixed(FramesPerSecond, 2)} frames/s  {latency.Text}";
        if (folder is not null)
            output.Result($"{text}  results: {folder}");
        else if (!settings.Quiet)
            output.Progress(text);
    }

    private void Write(Utf8JsonWriter json, PredictSettings settings, string? folder, StageTimes stages)
    {
        json.WriteString("weights", settings.Weights);
        if (folder is not null)
            json.WriteString("run", folder);
        json.WriteNumber("height", settings.Frames!.Height);
        json.WriteNumber("width", settings.Frames.Width);
        json.WriteNumber("frames", Frames);
        json.WriteFinite("frames_per_s", FramesPerSecond);
        latency.Write(json);
        stages.Write(json);
    }
}
