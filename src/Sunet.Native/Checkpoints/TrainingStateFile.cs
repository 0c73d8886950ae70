using System.Globalization;
using Sunet.Native.Files;
using Sunet.Native.Telemetry;

namespace Sunet.Native.Checkpoints;

/// <summary>A training state that is no good.</summary>
/// <param name="Path">The file.</param>
/// <param name="Reason">One sentence that says what is wrong with it.</param>
internal sealed record SkippedTrainingState(string Path, string Reason);

/// <summary>What a search for a training state found.</summary>
/// <param name="Path">The newest state whose digest is right; null where there is none.</param>
/// <param name="Step">Its step; -1 where there is none.</param>
/// <param name="Skipped">The newer states that are no good, newest first.</param>
internal sealed record TrainingStateSearch(string? Path, long Step, IReadOnlyList<SkippedTrainingState> Skipped);

/// <summary>
/// The state from which training resumes to the bit: weights, momentum and running statistics as tensors, and counters, scores
/// and seeds as metadata, all in one file, so that they cannot belong to different steps. A folder keeps two generations.
/// </summary>
internal static class TrainingStateFile
{
    /// <summary>The metadata key of the step.</summary>
    public const string StepKey = "sunet.step";

    private const string Prefix = "state-";
    private const string Suffix = ".safetensors";
    private const int Generations = 2;

    /// <summary>
    /// Saves <c>state-STEP.safetensors</c> durably and then removes all but it and the state before it. States of later steps
    /// are removed too: training has gone on from an earlier one, so they are of a course that was given up.
    /// </summary>
    /// <param name="folder">The folder, such as <c>state</c>; it is created where it is missing.</param>
    /// <param name="step">The steps completed; not negative.</param>
    /// <param name="metadata">Counters, scores, seeds, versions and configuration as text. The step and a digest are added.</param>
    /// <param name="tensors">Everything of the state that is numbers.</param>
    /// <returns>The file's path.</returns>
    /// <exception cref="CheckpointException">
    /// The state could not be saved, and what was there is unchanged; or a state of a later step could not be removed.
    /// </exception>
    public static string Save(
        string folder, long step, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors) =>
        Save(folder, step, metadata, tensors, DurableFile.SystemCalls);

    /// <summary>Finds the newest state that is as it was written. Reads each candidate once from end to end.</summary>
    /// <param name="folder">The folder; it need not exist.</param>
    /// <exception cref="CheckpointException">The folder cannot be read.</exception>
    public static TrainingStateSearch FindLatest(string folder)
    {
        List<SkippedTrainingState> skipped = [];
        foreach ((string path, long step) in List(folder).OrderByDescending(state => state.Step))
        {
            try
            {
                using SafetensorsFile file = SafetensorsFile.Open(path);
                Check(file, step);
                return new TrainingStateSearch(path, step, skipped);
            }
            catch (CheckpointException e)
            {
                skipped.Add(new SkippedTrainingState(path, e.Message));
            }
        }

        return new TrainingStateSearch(null, -1, skipped);
    }

    internal static string Save(
        string folder, long step, IReadOnlyDictionary<string, string> metadata, IReadOnlyList<SafetensorsTensor> tensors, IFileCalls calls)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        ArgumentNullException.ThrowIfNull(metadata);
        Dictionary<string, string> all = new(metadata) { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        string path = Path.Combine(folder, FileName(step));
        using MeasuredWork work = SunetTelemetry.Begin(SunetTelemetry.CheckpointActivity);
        DurableFile.CreateFolder(folder, calls);
        DurableFile.Write(path, stream => SafetensorsWriter.Write(stream, all, tensors), calls);
        RemoveOthers(folder, step, calls);
        SunetTelemetry.Saved(work, "state");
        return path;
    }

    private static void Check(SafetensorsFile file, long step)
    {
        if (!file.Verify())
            throw new CheckpointException($"Checkpoint '{file.Path}' carries no digest, so it is no training state.", file.Path);
        if (!file.Metadata.TryGetValue(StepKey, out string? text) || text != step.ToString(CultureInfo.InvariantCulture))
        {
            throw new CheckpointException(
                $"Checkpoint '{file.Path}' is named for step {step} but is of step {text ?? "unknown"}.", file.Path);
        }
    }

    private static void RemoveOthers(string folder, long step, IFileCalls calls)
    {
        List<(string Path, long Step)> states = List(folder);
        foreach ((string path, _) in states.Where(state => state.Step < step).OrderByDescending(state => state.Step).Skip(Generations - 1))
        {
            try
            {
                calls.Delete(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // An old generation only takes space; the next save tries again.
            }
        }

        string[] later = [.. states.Where(state => state.Step > step).Select(state => state.Path)];
        try
        {
            foreach (string path in later)
                calls.Delete(path);
            if (later.Length > 0)
                calls.FlushFolder(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException(
                $"The state of step {step} is saved, but '{folder}' has states of later steps that would be resumed from and cannot be "
                + $"removed: {e.Message.TrimEnd('.')}.",
                folder, e);
        }
    }

    private static List<(string Path, long Step)> List(string folder)
    {
        List<(string, long)> states = [];
        try
        {
            if (!Directory.Exists(folder))
                return states;
            foreach (string path in Directory.EnumerateFiles(folder, Prefix + "*" + Suffix))
            {
                string name = Path.GetFileName(path);
                ReadOnlySpan<char> digits = name.AsSpan(Prefix.Length, name.Length - Prefix.Length - Suffix.Length);
                bool isStep = long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out long step);
                if (isStep && name == FileName(step))
                    states.Add((path, step));
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"The folder '{folder}' cannot be read: {e.Message.TrimEnd('.')}.", folder, e);
        }

        return states;
    }

    private static string FileName(long step) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{step}{Suffix}");
}
