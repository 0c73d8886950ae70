using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;

namespace Sunet.Cli.Settings;

/// <summary>Where a command runs.</summary>
internal static class DeviceSettings
{
    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("device", "cpu, or auto for the best there is", "auto"),
        Setting.Value("threads", "threads a call uses; 0 takes all processors", "0"),
    ];

    /// <summary>Opens the device; the caller disposes it.</summary>
    /// <exception cref="ConfigurationException">There is no such device, or the number of threads is out of range.</exception>
    /// <exception cref="BackendException">The device is not there.</exception>
    public static CpuBackend Open(SettingValues values)
    {
        string device = values.Text("device");
        if (device == "cuda" || device.StartsWith("cuda:", StringComparison.Ordinal))
            throw new BackendException($"The device '{device}' is not there: this build has no CUDA backend; use '--device cpu'.", "libcuda.so");
        if (device is not ("cpu" or "auto"))
            throw new ConfigurationException($"'--device' is '{device}' where one of cpu, auto is needed.");
        return new CpuBackend(values.Int("threads", 0, 4096));
    }

    /// <summary>One line on what was chosen.</summary>
    public static string Describe(SettingValues values, IBackend backend) =>
        (values.Text("device") == "auto" ? "device: auto chose " : "device: ") + $"{backend.Name} ({backend.Description})";

    /// <summary>The bytes of memory this process may use: the machine's, or its container's share.</summary>
    public static long PhysicalMemory => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
}
