using System.Globalization;
using System.Runtime.InteropServices;
using Sunet.Cli.Output;
using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Interop;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs;

/// <summary>Examines the installation.</summary>
internal static class DoctorRun
{
    private const string PathVariable = "SUNET_NATIVE_PATH";

    /// <summary>Prints what was found.</summary>
    /// <returns>The exit code: that of a device failure if the native library is missing or computes wrongly.</returns>
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
        string? problem = Examine(facts);
        facts.Add(("verdict", problem ?? "the CPU backend works"));
        if (asJson)
        {
            output.Json(json =>
            {
                json.WriteBoolean("ok", problem is null);
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

        return problem is null ? ExitCodes.Success : ExitCodes.Device;
    }

    private static string? Examine(List<(string Name, string Value)> facts)
    {
        try
        {
            NativeRuntimeInfo runtime = NativeRuntime.Query();
            facts.Add(("native library", $"{runtime.Path}, ABI {runtime.Abi.ToString(CultureInfo.InvariantCulture)}"));
            facts.Add(("oneDNN", $"{runtime.OneDnnVersion} ({runtime.OneDnnHash})"));
            facts.Add(("instruction set", runtime.InstructionSet));
            facts.Add(("threads", runtime.MaxThreads.ToString(CultureInfo.InvariantCulture)));
            float result = Convolve();
            bool isRight = result == 4;
            facts.Add(("test convolution", isRight ? "right" : "wrong"));
            return isRight ? null : "The CPU backend computes a convolution wrongly; reinstall oneDNN and the native library.";
        }
        catch (SunetException failure)
        {
            return failure.Message;
        }
    }

    /// <summary>The corner of an image of ones under a 3x3 kernel of ones with zeros around: exactly 4.</summary>
    private static float Convolve()
    {
        const int Side = 4, Kernel = 3;
        var graph = new Graph();
        Value image = graph.Input("image", new Shape(1, 1, Side, Side));
        Value weights = graph.Parameter("weights", new Shape(1, 1, Kernel, Kernel));
        var convolution = new Convolution("convolution", image, weights, null, ConvolutionGeometry.Square(padding: 1));
        Value output = graph.MarkOutput(graph.Add(convolution).Output);
        using var backend = new CpuBackend(threads: 1);
        using Plan plan = Plan.Compile(graph, backend, new PlanOptions());
        float[] result = new float[Side * Side], ones = [.. Enumerable.Repeat(1f, Side * Side)];
        plan.Write(image, ones);
        plan.Write(weights, ones.AsSpan(0, Kernel * Kernel));
        plan.Run(Phase.Forward);
        plan.Read(output, result);
        return result[0];
    }
}
