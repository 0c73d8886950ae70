using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Interop.Cuda;
using Sunet.Native.Interop.Host;

namespace Sunet.Cli.Settings;

/// <summary>Where a command runs.</summary>
internal static class DeviceSettings
{
    private const string Cpu = "cpu", Cuda = "cuda", Auto = "auto";
    private const long Mebibyte = 1 << 20;

    /// <summary>The names of precisions, as they are given.</summary>
    public static string[] Precisions { get; } = ["float32", "tf32", "bf16"];

    /// <summary>Which device, without how it computes.</summary>
    public static IReadOnlyList<Setting> Choice { get; } =
    [
        Setting.Value("device", "cpu, cuda, cuda:N for another GPU than the first, or auto for the best there is", Auto) with
        {
            Choices = [Auto, Cpu, Cuda],
        },
        Setting.Value("threads", "threads a call uses on the CPU, or that compile for a GPU; 0 takes all that the process may use", "0"),
    ];

    /// <summary>How a device finds and uses its algorithms.</summary>
    public static IReadOnlyList<Setting> Tuning { get; } =
    [
        Setting.Switch("deterministic", "GPU: use only algorithms that give the same bits every time"),
        Setting.Switch("cuda-graph", "GPU: capture a step as one CUDA graph", fallback: true),
        Setting.Switch("tune", "GPU: choose algorithms by timing all there are"),
        Setting.Switch("precompiled", "GPU: prefer algorithms that need no compilation, for images of many sizes"),
        Setting.Value("workspace-limit", "GPU: MiB of scratch memory that an algorithm may take", "1024"),
        Setting.Switch("winograd", "CPU: compute dense 3x3 convolutions by Winograd's algorithm where it is faster", fallback: true),
        Setting.Switch("float16", "CPU: in bf16, make convolutions of products in float16 where that is faster", fallback: true),
    ];

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        .. Choice,
        Setting.Value(
            "precision", "float32, tf32 (GPU: convolutions round to 11 bits) or bf16 (activations in 16 bits)", Precisions[0]) with
        {
            Choices = Precisions,
        },
        .. Tuning,
    ];

    /// <summary>The bytes of memory this process may use: the machine's, or its container's share.</summary>
    public static long PhysicalMemory => HostMemory.TotalBytes;

    /// <summary>Opens the device that the settings name; the caller disposes it.</summary>
    /// <exception cref="ConfigurationException">There is no such device, or a setting is out of range or for another device.</exception>
    /// <exception cref="BackendException">The device is not there; the message says what is missing.</exception>
    public static OpenDevice Open(SettingValues values) => Open(values, PrecisionOf(values, "precision"));

    /// <summary>Opens the device with a precision of the command's own choice.</summary>
    public static OpenDevice Open(SettingValues values, Precision precision)
    {
        string device = values.Text("device");
        CpuOptions cpu = CpuOptionsOf(values);
        CudaOptions options = OptionsOf(values, precision);
        if (device == Auto)
            return OpenBest(values, cpu, options);
        return device == Cpu
            ? Opened(new CpuBackend(cpu with { Precision = OnCpu(precision) }))
            : Opened(new CudaBackend(OrdinalOf(device), options));
    }

    /// <summary>The options of the CPU.</summary>
    public static CpuOptions CpuOptionsOf(SettingValues values) => new()
    {
        Threads = values.Int("threads", 0, CpuOptions.MaxThreads),
        Winograd = values.Flag("winograd"),
        Float16Products = values.Flag("float16"),
    };

    /// <summary>The options of the CPU with the precision that is asked for.</summary>
    /// <exception cref="ConfigurationException">The CPU has no such precision.</exception>
    public static CpuOptions CpuOptionsWithPrecision(SettingValues values) =>
        CpuOptionsOf(values) with { Precision = OnCpu(PrecisionOf(values, "precision")) };

    /// <summary>The options of a GPU.</summary>
    public static CudaOptions OptionsOf(SettingValues values, Precision precision) => new()
    {
        Precision = precision,
        Deterministic = values.Flag("deterministic"),
        UseGraphs = values.Settings.Any(s => s.Name == "cuda-graph") && values.Flag("cuda-graph"),
        TuneAlgorithms = values.Flag("tune"),
        PreferPrecompiled = values.Flag("precompiled"),
        CompileThreads = values.Int("threads", 0, 4096),
        WorkspaceLimitBytes = values.Int("workspace-limit", 0) * Mebibyte,
    };

    /// <summary>A precision by its name.</summary>
    public static Precision PrecisionOf(SettingValues values, string setting) =>
        Enum.Parse<Precision>(values.Choice(setting, Precisions), ignoreCase: true);

    /// <summary>A precision's name.</summary>
    public static string Name(Precision precision) => precision.ToString().ToLowerInvariant();

    /// <summary>The first GPU that will do; the CPU where there is none, unless a precision was asked for that it has not.</summary>
    private static OpenDevice OpenBest(SettingValues values, CpuOptions cpu, CudaOptions options)
    {
        string missing;
        try
        {
            CudaReport report = CudaReport.Query(stopsWithoutDriver: true);
            if (report.IsUsable)
                return Opened(new CudaBackend(report.Devices.First(d => d.IsSupported).Ordinal, options));
            missing = report.Problems[0];
        }
        catch (BackendException failure)
        {
            missing = failure.Message;
        }

        if (options.Precision == Precision.Tf32)
        {
            throw new BackendException(
                $"'--precision {values.Text("precision")}' needs a GPU, and there is none to use: {missing}", CudaLibrary.Driver.File);
        }

        return Opened(new CpuBackend(cpu with { Precision = OnCpu(options.Precision) }));
    }

    private static Precision OnCpu(Precision precision) => precision switch
    {
        Precision.Float32 or Precision.Bf16 => precision,
        _ => throw new ConfigurationException($"'--precision {Name(precision)}' is for a GPU; the CPU has float32 and bf16."),
    };

    private static OpenDevice Opened(CpuBackend cpu)
    {
        string products = cpu.MultipliesFloat16 ? " multiplied in float16" : "";
        return new OpenDevice(cpu, $"device: {cpu.Name}, {Counted.Text(cpu.Threads, "threads")}, {Name(cpu.Precision)}{products}");
    }

    private static OpenDevice Opened(CudaBackend gpu) => new(gpu, $"device: {gpu.Name}, {gpu.Device.Name}, {Name(gpu.Precision)}");

    private static int OrdinalOf(string device)
    {
        if (device == Cuda)
            return 0;
        string prefix = Cuda + ":";
        if (device.StartsWith(prefix, StringComparison.Ordinal)
            && int.TryParse(device.AsSpan(prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int ordinal))
        {
            return ordinal;
        }

        throw new ConfigurationException($"'--device' is '{device}' where one of cpu, cuda, cuda:N, auto is needed.");
    }
}
