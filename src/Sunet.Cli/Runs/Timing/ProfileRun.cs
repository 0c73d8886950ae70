using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Graphs;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Timing;

/// <summary>Runs a few steps for a profiler.</summary>
internal static class ProfileRun
{
    /// <summary>Runs the steps before the window, then those in it.</summary>
    /// <exception cref="SunetException">There is no GPU, or the model cannot be had or does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        (int first, int count) = Window(values);
        bool train = values.Flag("train");
        Shape image = PlanSettings.Image(values);
        SunetModel model = PlanSettings.Model(values, output);
        using OpenDevice device = DeviceSettings.Open(values);
        if (device.Backend is not CudaBackend backend)
            throw new BackendException($"A profile is of a GPU ({device.Line}); 'sunet bench' times the CPU.", CudaLibrary.Driver.File);
        output.Progress(device.Line);
        using var benched = new BenchedPlan(model, image, train, device);
        Steps(benched, first, cancellation);
        bool hasNames = backend.StartProfiling();
        Steps(benched, count, cancellation);
        backend.StopProfiling();

        output.Result(string.Create(CultureInfo.InvariantCulture,
            $"{(train ? "training steps" : "predictions")} {first} to {first + count - 1} of {image} were inside the profiler's window"));
        if (!hasNames)
            output.Progress("note: NVTX was not found (libnvtx3interop.so.1), so the window has no layer names");
    }

    private static void Steps(BenchedPlan benched, int count, CancellationToken cancellation)
    {
        for (int i = 0; i < count; i++)
        {
            cancellation.ThrowIfCancellationRequested();
            if (benched.Step is { } step)
            {
                step();
                continue;
            }

            benched.WriteInputs();
            benched.Plan.Run(Phase.Forward);
            benched.Plan.Synchronize();
        }
    }

    private static (int First, int Count) Window(SettingValues values)
    {
        string text = values.Text("window");
        string[] parts = text.Split(':');
        return parts.Length == 2
            && int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int first)
            && int.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out int count) && count > 0
            ? (first, count)
            : throw new ConfigurationException(
                $"'--window' is '{text}' where a first step and a number of steps, such as 10:5, is needed.");
    }
}
