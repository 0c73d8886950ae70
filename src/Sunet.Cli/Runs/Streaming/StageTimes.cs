using System.Text.Json;
using Sunet.Cli.Output;

namespace Sunet.Cli.Runs.Streaming;

/// <summary>How long each stage of a run was its limit; the times add up to that of the run, so that their shares add up to 1.</summary>
/// <param name="Stages">The stages in the order that an image takes.</param>
internal sealed record StageTimes(IReadOnlyList<(string Name, TimeSpan Time)> Stages)
{
    private const string Decode = "decode", Segment = "segment";

    /// <summary>What every line about limits begins with.</summary>
    public const string Heading = "time by the stage that was the limit: ";

    /// <summary>The shares of the time as a line.</summary>
    public string Text =>
        Heading + string.Join(", ", Stages.Select((stage, place) => $"{stage.Name} {Numbers.Percent(Share(place))} %"));

    /// <summary>Times of a pipeline.</summary>
    /// <param name="decode">Images were missing.</param>
    /// <param name="segment">All that runs at a time ran.</param>
    /// <param name="finish">Images that were segmented were in the way.</param>
    /// <param name="finishing">What the last stage does, as a verb.</param>
    public static StageTimes OfPipeline(TimeSpan decode, TimeSpan segment, TimeSpan finish, string finishing) =>
        new([(Decode, decode), (Segment, segment), (finishing, finish)]);

    /// <summary>Times of what reads batches from a loader: while it waits for one, decoding is the limit, and else its own work.</summary>
    /// <param name="waiting">How long it waited.</param>
    /// <param name="elapsed">How long all took.</param>
    public static StageTimes OfLoader(TimeSpan waiting, TimeSpan elapsed) =>
        new([(Decode, waiting), (Segment, elapsed > waiting ? elapsed - waiting : TimeSpan.Zero)]);

    /// <summary>The times of one run after another.</summary>
    public StageTimes Plus(StageTimes other) =>
        new([.. Stages.Zip(other.Stages, (first, second) => (first.Name, first.Time + second.Time))]);

    /// <summary>A stage's share of the time; not a number where there is no time.</summary>
    public double Share(int place) => Stages[place].Time / Stages.Aggregate(TimeSpan.Zero, (sum, stage) => sum + stage.Time);

    /// <summary>Writes the shares in percent into an object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject("limit_percent");
        for (int place = 0; place < Stages.Count; place++)
            json.WritePercent(Stages[place].Name, Share(place));
        json.WriteEndObject();
    }
}
