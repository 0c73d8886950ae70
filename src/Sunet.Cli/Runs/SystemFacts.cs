using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Interop.Cpu;

namespace Sunet.Cli.Runs;

/// <summary>What a measurement or a bug report needs to say about the machine and the build.</summary>
internal static class SystemFacts
{
    private const string CpuInfo = "/proc/cpuinfo";

    /// <summary>The build's version, with its commit where the build knew it: <c>0.1.0+abcdef</c>.</summary>
    public static string Version =>
        typeof(SystemFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The commit the build was made from; null if it did not know.</summary>
    public static string? Commit => Version.Split('+') is [_, var commit] ? commit : null;

    /// <summary>The processor, as the system names it.</summary>
    public static string Cpu
    {
        get
        {
            string? line = File.Exists(CpuInfo)
                ? File.ReadLines(CpuInfo).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
                : null;
            return line?.Split(':', 2)[^1].Trim() ?? Architecture;
        }
    }

    private static string Architecture => RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>Writes them into a JSON object.</summary>
    public static void Write(Utf8JsonWriter json, IBackend backend)
    {
        json.WriteString("device", backend.Name);
        json.WriteString("backend", backend.Description);
        json.WriteString("cpu", Cpu);
        if (backend is CpuBackend cpu)
        {
            NativeRuntimeInfo runtime = NativeRuntime.Query();
            json.WriteNumber("threads", cpu.Threads);
            json.WriteString("onednn", runtime.OneDnnVersion.ToString());
            json.WriteString("isa", runtime.InstructionSet);
        }

        json.WriteString("dotnet", RuntimeInformation.FrameworkDescription);
        json.WriteString("os", RuntimeInformation.OSDescription);
        json.WriteString("version", Version);
        if (Commit is { } commit)
            json.WriteString("commit", commit);
    }
}
