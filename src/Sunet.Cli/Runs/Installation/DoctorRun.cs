using System.Globalization;
using System.Runtime.InteropServices;
using Sunet.Cli.Output;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Cli.Runs.Installation;

/// <summary>Examines the installation.</summary>
internal static class DoctorRun
{
    private const string PathVariable = "SUNET_NATIVE_PATH";

    /// <summary>Prints what was found.</summary>
    /// <returns>
    /// The exit code: that of a device failure if there is no device to compute on, or one that is there computes wrongly.
    /// </returns>
    public static int Execute(bool asJson, CommandOutput output)
    {
        var facts = new List<(string Name, string Value)>
        {
            ("version", SystemFacts.Version),
            (".NET", RuntimeInformation.FrameworkDescription),
            ("system", RuntimeInformation.OSDescription + " " + RuntimeInformation.ProcessArchitecture),
            ("CPU", SystemFacts.Cpu),
            ("processors", Environment.ProcessorCount.ToString(CultureInfo.InvariantCulture)),
            ("memory", ByteSize.Text(Settings.DeviceSettings.PhysicalMemory)),
            (PathVariable, Environment.GetEnvironmentVariable(PathVariable) is { Length: > 0 } path ? path : "not set"),
        };
        var working = new List<string>();
        var wrong = new List<string>();
        string? cpu = ExamineCpu(facts, working, wrong);
        ExamineGpus(facts, working, wrong);
        string verdict = wrong.Count > 0 ? string.Join(" ", wrong)
            : working.Count > 0 ? $"works: {string.Join(", ", working)}"
            : cpu!;
        bool isWell = wrong.Count == 0 && working.Count > 0;
        facts.Add(("verdict", verdict));
        if (asJson)
        {
            output.Json(json =>
            {
                json.WriteBoolean("ok", isWell);
                foreach ((string name, string value) in facts)
                    json.WriteString(name, value);
            });
        }
        else
        {
            var table = new TextTable("what", "found");
            foreach ((string name, string value) in facts)
                table.Add(name, value);
            output.Table(table);
        }

        return isWell ? ExitCodes.Success : ExitCodes.Device;
    }

    /// <summary>Returns what is missing, or null.</summary>
    private static string? ExamineCpu(List<(string Name, string Value)> facts, List<string> working, List<string> wrong)
    {
        try
        {
            NativeRuntimeInfo runtime = NativeRuntime.Query();
            facts.Add(("CPU library", $"{runtime.Path}, ABI {runtime.Abi.ToString(CultureInfo.InvariantCulture)}"));
            facts.Add(("oneDNN", $"{runtime.OneDnnVersion} ({runtime.OneDnnHash})"));
            facts.Add(("instruction set", runtime.InstructionSet));
            facts.Add(("bf16 on the CPU", runtime.HasBFloat16
                ? $"multiplied {(runtime.PrefersFloat16 ? "in float16" : "by the CPU")}; "
                    + $"convolutions {Numbers.Fixed(Bf16Speed.OverFloat32(), 2)} times as fast as in float32"
                : "no: it takes AVX-512 BF16"));
            facts.Add(("threads", runtime.DefaultThreads.ToString(CultureInfo.InvariantCulture)));
        }
        catch (SunetException failure)
        {
            facts.Add(("CPU library", failure.Message));
            return failure.Message;
        }

        Convolve("cpu", () => new CpuBackend(threads: 1), facts, working, wrong);
        return null;
    }

    private static void ExamineGpus(List<(string Name, string Value)> facts, List<string> working, List<string> wrong)
    {
        CudaReport report = CudaReport.Query();
        facts.Add(("NVIDIA driver", report.DriverVersion is { } version ? $"for CUDA {version}" : "none"));
        foreach (CudaLibraryInfo library in report.Libraries)
            facts.Add((library.Name, $"{library.Version ?? "of unknown version"}, {library.Path}"));
        facts.Add(("--device auto", report.IsUsable
            ? FormattableString.Invariant($"cuda:{report.Devices.First(d => d.IsSupported).Ordinal}")
            : $"cpu; not a GPU: {report.Problems[0]}"));
        for (int i = 0; i < report.Problems.Count; i++)
            facts.Add((FormattableString.Invariant($"GPU, problem {i + 1}"), report.Problems[i]));
        for (int i = 0; i < report.Notes.Count; i++)
            facts.Add((FormattableString.Invariant($"GPU, note {i + 1}"), report.Notes[i]));
        foreach (CudaDeviceInfo device in report.Devices)
        {
            facts.Add(($"cuda:{device.Ordinal.ToString(CultureInfo.InvariantCulture)}",
                $"{device.Name}, compute capability {device.ComputeCapability}, {ByteSize.Text(device.TotalBytes)}, "
                + $"{device.Multiprocessors.ToString(CultureInfo.InvariantCulture)} multiprocessors"));
            if (report.IsUsable && device.IsSupported)
            {
                string name = $"cuda:{device.Ordinal.ToString(CultureInfo.InvariantCulture)}";
                Convolve(name, () => new CudaBackend(device.Ordinal), facts, working, wrong);
            }
        }

        long leaks = CudaReport.Query().Leaks;
        if (leaks > 0)
            facts.Add(("GPU, leaks", $"{Counted.Text(leaks, "objects")} that this process lost track of"));
    }

    private static void Convolve(
        string device, Func<IBackend> open, List<(string Name, string Value)> facts, List<string> working, List<string> wrong)
    {
        string result;
        try
        {
            using IBackend backend = open();
            bool isRight = TestConvolution.IsRight(backend);
            (isRight ? working : wrong).Add(isRight ? device : $"{device} computes a convolution wrongly; reinstall its libraries.");
            result = isRight ? "right" : "wrong";
        }
        catch (SunetException failure)
        {
            wrong.Add(failure.Message);
            result = failure.Message;
        }

        facts.Add(($"test convolution on {device}", result));
    }
}
