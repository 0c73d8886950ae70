using System.Text;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Files;
using Sunet.Native.Measuring;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Timing;

/// <summary>Times a model layer by layer.</summary>
internal static class BenchRun
{
    /// <summary>What the names of implementations by Winograd's algorithm have in common.</summary>
    private const string WinogradMark = "wino";

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("iters", "steps timed; times are medians over them", "20"),
        Setting.Value("warmup", "steps before that", "3"),
        Setting.Value("csv", "a file to write the table of layers to"),
        Setting.Value("roofline", "a PNG file to draw the layers in, against what the device reaches at best"),
    ];

    /// <summary>Times and prints.</summary>
    /// <exception cref="SunetException">The model cannot be had, or does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        bool train = values.Flag("train");
        Shape image = PlanSettings.Image(values);
        PlanTimingOptions options = TimingOptions(values);
        RequireFolder(values.TextOrNull("csv"));
        RequireFolder(values.TextOrNull("roofline"));
        SunetModel model = PlanSettings.Model(values, output);
        using OpenDevice device = DeviceSettings.Open(values);
        using var benched = new BenchedPlan(model, image, train, device); // too large a size is refused before anything is timed
        DeviceCeilings ceilings = DeviceCeilings.Measure(device.Backend, cancellation);
        using OpenDevice? directDevice = DirectDevice(benched.Plan, device);
        using BenchedPlan? direct = directDevice is null ? null : Direct(benched.Plan, model, image, train, directDevice, output);
        PlanTimings timings = PlanTimings.Measure(benched.Timed, options, direct?.Timed, cancellation);
        var report = new BenchReport(model.Spec, image, train, options, timings, ceilings, device.Backend)
        {
            CompileMilliseconds = benched.CompileMilliseconds,
            PlanBytes = benched.Plan.Memory.TotalBytes,
        };
        if (values.TextOrNull("csv") is { } file)
        {
            byte[] csv = Encoding.UTF8.GetBytes(report.Csv());
            DurableFile.Write(file, stream => stream.Write(csv));
        }

        if (values.TextOrNull("roofline") is { } chart)
            report.DrawRoofline(chart);
        if (values.Flag("json"))
            output.Json(report.Write);
        else
            report.Print(output);
    }

    /// <summary>How often is timed.</summary>
    /// <exception cref="ConfigurationException">A number is out of range.</exception>
    public static PlanTimingOptions TimingOptions(SettingValues values) =>
        new() { Iterations = values.Int("iters", 1, PlanTimingOptions.MaxIterations), WarmUp = values.Int("warmup", 1) };

    /// <summary>Refuses a file that could not be written, before anything is timed for it.</summary>
    /// <exception cref="DataException">Its folder is not there.</exception>
    private static void RequireFolder(string? file)
    {
        if (file is not null && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            throw new DataException($"'{file}' cannot be written: its folder is not there.", file);
    }

    /// <summary>The device again with every convolution as a direct sum; null where it is so already.</summary>
    private static OpenDevice? DirectDevice(Plan plan, OpenDevice device) => device.Backend is CpuBackend cpu
        && plan.Calls.Any(c => c.Call.Implementation.Contains(WinogradMark, StringComparison.Ordinal))
            ? device with { Backend = new CpuBackend(cpu.Options with { Winograd = false, FuseNormalization = false }) }
            : null;

    /// <summary>The plan again on another device; null where there is no memory for it.</summary>
    private static BenchedPlan? Direct(Plan plan, SunetModel model, Shape image, bool train, OpenDevice device, CommandOutput output)
    {
        try
        {
            return new BenchedPlan(model, image, train, device, others: plan.Memory.TotalBytes);
        }
        catch (MemoryException)
        {
            output.Progress("note: there is no memory to time the convolutions as direct sums beside the plan");
            return null;
        }
    }
}
