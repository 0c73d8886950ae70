using System.Globalization;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Verification;

namespace Sunet.Cli.Runs.Installation;

/// <summary>Examines a device, in one precision or in all it has.</summary>
internal static class SelfTestRun
{
    private const string All = "all";

    /// <summary>Runs the checks and prints them.</summary>
    /// <returns>The exit code: that of a device failure if any check failed.</returns>
    /// <exception cref="SunetException">The device cannot be opened.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static int Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        var lines = new List<string>();
        var results = new List<(Precision Precision, SelfTestCheck Check)>();
        IReadOnlyList<string> only = values.IsGiven("only") ? values.Choices("only", SelfTest.Names) : [];
        foreach (Precision precision in PrecisionsOf(values))
        {
            using OpenDevice device = DeviceSettings.Open(values, precision);
            lines.Add($"device: {device.Backend.Name} ({device.Backend.Description})");
            if (!values.Flag("quiet"))
                output.Progress(lines[^1]);
            var reporter = new Reporter(output, values.Flag("quiet"));
            var options = new SelfTestOptions
            {
                Precision = precision,
                Quick = values.Flag("quick"),
                Only = only,
            };
            SelfTestReport report = SelfTest.Run(device.Backend, options, reporter, cancellation);
            List<SelfTestCheck> training = options.CoversTraining ? Train(values, precision, device, options.Quick, cancellation) : [];
            training.ForEach(reporter.Report);
            results.AddRange(report.Checks.Concat(training).Select(check => (precision, check)));
        }

        int failed = results.Count(r => !r.Check.Passed);
        if (values.Flag("json"))
            output.Json(json => Write(json, lines, results, failed));
        else
            Print(output, lines, results, failed);
        return failed == 0 ? ExitCodes.Success : ExitCodes.Device;
    }

    /// <summary>What needs a device opened in a certain way: the same bits twice, and low precision beside float32.</summary>
    private static List<SelfTestCheck> Train(
        SettingValues values, Precision precision, OpenDevice device, bool quick, CancellationToken cancellation)
    {
        List<SelfTestCheck> checks = [];
        try
        {
            using (OpenDevice deterministic = DeviceSettings.Open(values.With(("deterministic", Setting.On)), precision))
                checks.Add(SelfTest.RepeatTraining(deterministic.Backend, cancellation));
            if (quick || precision == Precision.Float32)
                return checks;
            using OpenDevice reference = DeviceSettings.Open(values, Precision.Float32);
            checks.Add(SelfTest.CompareTraining(reference.Backend, device.Backend, cancellation));
        }
        catch (SunetException failure)
        {
            // A device that has failed before, in a check above, cannot be opened again; what is known of it is still to be shown.
            checks.Add(new SelfTestCheck("training", "opening the device", double.PositiveInfinity, 0, 0, 0, failure.Message));
        }

        return checks;
    }

    /// <summary>What was asked for; else all that the device has.</summary>
    private static IReadOnlyList<Precision> PrecisionsOf(SettingValues values)
    {
        string? given = values.TextOrNull("precision");
        if (given is not (null or All))
            return [DeviceSettings.PrecisionOf(values, "precision")];
        using OpenDevice device = DeviceSettings.Open(values, Precision.Float32);
        return device.Backend.Precisions;
    }

    private static void Print(
        CommandOutput output, List<string> lines, List<(Precision Precision, SelfTestCheck Check)> results, int failed)
    {
        var table = new TextTable("precision", "what", "name", ">error", ">tolerance", ">ms", ">bytes", "", "detail");
        foreach ((Precision precision, SelfTestCheck check) in results)
        {
            table.Add(DeviceSettings.Name(precision), check.Group, check.Name, Numbers.Scientific(check.Error),
                Numbers.Scientific(check.Tolerance), Numbers.Fixed(check.Milliseconds, 1), Numbers.Grouped(check.Bytes),
                check.Passed ? "ok" : "FAILED", check.Detail);
        }

        output.Table(table);
        foreach (string line in lines)
            output.Result(line);
        output.Result($"{Counted.Text(results.Count, "checks")}, {Numbers.Grouped(failed)} failed");
    }

    private static void Write(
        Utf8JsonWriter json, List<string> lines, List<(Precision Precision, SelfTestCheck Check)> results, int failed)
    {
        json.WriteBoolean("ok", failed == 0);
        json.WriteString("version", SystemFacts.Version);
        json.WriteStartArray("devices");
        foreach (string line in lines)
            json.WriteStringValue(line);
        json.WriteEndArray();
        json.WriteNumber("failed", failed);
        json.WriteStartArray("checks");
        foreach ((Precision precision, SelfTestCheck check) in results)
        {
            json.WriteStartObject();
            json.WriteString("precision", DeviceSettings.Name(precision));
            json.WriteString("group", check.Group);
            json.WriteString("name", check.Name);
            json.WriteFinite("error", check.Error);
            json.WriteNumber("tolerance", check.Tolerance);
            json.WriteNumber("ms", check.Milliseconds);
            json.WriteNumber("bytes", check.Bytes);
            json.WriteBoolean("ok", check.Passed);
            json.WriteString("detail", check.Detail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    /// <summary>One line a check, as it is done: some take a while.</summary>
    private sealed class Reporter(CommandOutput output, bool quiet) : IProgress<SelfTestCheck>
    {
        public void Report(SelfTestCheck value)
        {
            if (!quiet)
            {
                output.Progress($"{(value.Passed ? "ok" : "FAILED")}  {value.Group} {value.Name}  "
                    + $"{Numbers.Scientific(value.Error)}  {value.Detail}");
            }
        }
    }
}
