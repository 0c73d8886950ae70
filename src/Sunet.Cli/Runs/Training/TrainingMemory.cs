using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Models.Networks;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>
/// The memory of the plans that a run compiles between its steps. All of it is known, and known to be there, before the first step, so that
/// no run trains for an epoch and is refused then.
/// </summary>
internal static class TrainingMemory
{
    /// <summary>Plans what a run compiles between its steps; nothing of it is allocated.</summary>
    /// <param name="training">The plan of its steps, which has not run yet.</param>
    /// <param name="spec">The network.</param>
    /// <param name="task">Its validation and calibration.</param>
    /// <param name="device">Where it runs.</param>
    /// <param name="cancellation">Stops planning.</param>
    /// <returns>One line on what the run needs and what there is.</returns>
    /// <exception cref="MemoryException">A plan does not fit beside what stays of the training's.</exception>
    /// <exception cref="BackendException">The device cannot run one of them, or failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static string Check(Plan training, SunetSpec spec, ITrainingTask task, OpenDevice device, CancellationToken cancellation)
    {
        // The plans below are there one at a time, each after the training has given its working memory back.
        long left = device.MemoryBeside(training);
        (SunetGraph network, string images) = task.LargestValidation(spec);
        long validation = Plan.MemoryOf(network.Graph, device.Backend, PlanPurpose.Inference, cancellation).TotalBytes;
        Require("validation", validation, images, left, "use a smaller batch or image");
        string line = $"memory: training plan {Numbers.Grouped(training.Memory.TotalBytes)} bytes, "
            + $"validation plan {Numbers.Grouped(validation)} bytes ({images}), ";
        if (task.CalibrationImages is { } batch)
        {
            long calibration = BatchNormCalibration.MemoryOf(spec, batch, ofBytes: true, device.Backend, cancellation).TotalBytes;
            Require("calibration", calibration, $"batches of {batch}", left, "use a smaller '--batch', or set '--calibrate 0'");
            line += $"calibration plan {Numbers.Grouped(calibration)} bytes (batches of {batch}), ";
        }

        return line + $"of {Numbers.Grouped(device.MemoryBytes)} there are";
    }

    private static void Require(string what, long needed, string images, long left, string remedy)
    {
        if (needed <= left)
            return;
        string numbers = $"needs {Numbers.Grouped(needed)} bytes ({images}) and {Numbers.Grouped(left)} are left beside the training";
        throw new MemoryException($"The {what} {numbers}; {remedy}.", needed);
    }
}
