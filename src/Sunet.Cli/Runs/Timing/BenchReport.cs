using System.Text;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Data.Reporting;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Measuring;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Timing;

/// <summary>What timing a model layer by layer came to: as tables, as JSON, as CSV, and drawn.</summary>
internal sealed record BenchReport(
    SunetSpec Spec, Shape Image, bool Train, PlanTimingOptions Options, PlanTimings Timings, DeviceCeilings Ceilings, IBackend Backend)
{
    private const string CsvHeader =
        "layer,op,phase,implementation,flops,bytes,ms,gflops_per_s,gbytes_per_s,limit,percent_of_peak,alone_ms";

    /// <summary>What it took to compile the plan and to load its weights.</summary>
    public required double CompileMilliseconds { get; init; }

    /// <summary>The plan's memory on the device, in bytes.</summary>
    public required long PlanBytes { get; init; }

    private string Work => $"{Spec.Config.Name}  output stride {Spec.OutputStride}  {(Train ? "training step" : "prediction")} of {Image}";

    /// <summary>A row a layer, and the sums.</summary>
    public void Print(CommandOutput output)
    {
        double all = Timings.Calls.Sum(c => c.Milliseconds);
        var table = new TextTable(
            "layer", "op", "implementation", ">ms", ">GFLOP/s", ">GB/s", ">% of peak", "of", ">share %", ">alone ms");
        foreach (CallTiming call in Timings.Calls)
        {
            table.Add(call.Layer, call.Kind, call.Implementation, Numbers.Fixed(call.Milliseconds, 3),
                call.Flops == 0 ? "" : Numbers.Fixed(call.GigaflopsPerSecond, 1),
                call.Bytes == 0 ? "" : Numbers.Fixed(call.GigabytesPerSecond, 1),
                call.Bytes == 0 ? "" : Numbers.Fixed(100 * Ceilings.ShareOfPeak(call), 1), LimitOf(call),
                Numbers.Percent(call.Milliseconds / all),
                call.AloneMilliseconds is { } alone ? Numbers.Fixed(alone, 3) : "");
        }

        output.Table(table);
        output.Result($"{Work}  on {Backend.Description}");
        output.Result($"peak {Numbers.Fixed(Ceilings.GigaflopsPerSecond, 1)} GFLOP/s of a matrix product, "
            + $"{Numbers.Fixed(Ceilings.GigabytesPerSecond, 1)} GB/s of memory; above 100 % are values in a cache, and Winograd's sums");
        output.Result($"compiled in {Numbers.Fixed(CompileMilliseconds / 1e3, 2)} s  plan of {Numbers.Grouped(PlanBytes)} bytes");
        output.Result($"step {Numbers.Fixed(Timings.StepMilliseconds, 3)} ms  "
            + $"{Numbers.Fixed(Image.Batch * 1e3 / Timings.StepMilliseconds, 2)} images/s");
        output.Result($"convolutions {Numbers.Fixed(Timings.ConvolutionsInStepMilliseconds, 3)} ms in the step, "
            + $"{Numbers.Fixed(Timings.ConvolutionsAloneMilliseconds, 3)} ms alone; "
            + $"step / convolutions alone {Numbers.Fixed(Timings.Ratio, 3)}");
        if (Timings.DirectRatio is { } ratio)
        {
            output.Result($"convolutions as direct sums {Numbers.Fixed(Timings.DirectConvolutionsMilliseconds!.Value, 3)} ms alone; "
                + $"step / direct convolutions alone {Numbers.Fixed(ratio, 3)}");
        }
    }

    /// <summary>Everything as one JSON object.</summary>
    public void Write(Utf8JsonWriter json)
    {
        json.WriteString("model", Spec.Config.Name);
        json.WriteNumber("output_stride", Spec.OutputStride);
        json.WriteString("image", Image.ToString());
        json.WriteString("purpose", Train ? "training" : "inference");
        json.WriteNumber("iterations", Options.Iterations);
        json.WriteNumber("warmup", Options.WarmUp);
        SystemFacts.Write(json, Backend);
        json.WriteNumber("compile_ms", CompileMilliseconds);
        json.WriteNumber("plan_bytes", PlanBytes);
        json.WriteNumber("step_ms", Timings.StepMilliseconds);
        json.WriteNumber("images_per_s", Image.Batch * 1e3 / Timings.StepMilliseconds);
        json.WriteNumber("convolutions_in_step_ms", Timings.ConvolutionsInStepMilliseconds);
        json.WriteNumber("convolutions_alone_ms", Timings.ConvolutionsAloneMilliseconds);
        json.WriteNumber("ratio", Timings.Ratio);
        if (Timings.DirectConvolutionsMilliseconds is { } direct)
        {
            json.WriteNumber("direct_convolutions_alone_ms", direct);
            json.WriteNumber("direct_ratio", Timings.DirectRatio!.Value);
        }

        json.WriteNumber("peak_gflops_per_s", Ceilings.GigaflopsPerSecond);
        json.WriteNumber("peak_gbytes_per_s", Ceilings.GigabytesPerSecond);
        json.WriteStartArray("layers");
        foreach (CallTiming call in Timings.Calls)
            Write(json, call);
        json.WriteEndArray();
    }

    /// <summary>The table of layers for a spreadsheet.</summary>
    public string Csv()
    {
        var text = new StringBuilder(CsvHeader).Append('\n');
        foreach (CallTiming call in Timings.Calls)
        {
            text.AppendJoin(',', call.Layer, call.Kind, call.Phase, call.Implementation, call.Flops, call.Bytes,
                Numbers.Exact(call.Milliseconds), Numbers.Exact(call.GigaflopsPerSecond), Numbers.Exact(call.GigabytesPerSecond),
                LimitOf(call), Numbers.Exact(100 * Ceilings.ShareOfPeak(call)),
                call.AloneMilliseconds is { } alone ? Numbers.Exact(alone) : "").Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Draws the layers against the two limits of the device.</summary>
    /// <exception cref="DataException">The file cannot be written.</exception>
    public void DrawRoofline(string path) => RooflineChart.Write(
        path, new RooflineLimits(Ceilings.GigaflopsPerSecond, Ceilings.GigabytesPerSecond),
        [.. Timings.Calls.Select(c => new RooflinePoint(c.Kind, c.FlopsPerByte, c.GigaflopsPerSecond, c.Milliseconds))],
        [Work, Backend.Description]);

    private void Write(Utf8JsonWriter json, CallTiming call)
    {
        json.WriteStartObject();
        json.WriteString("layer", call.Layer);
        json.WriteString("op", call.Kind);
        json.WriteString("phase", call.Phase.ToString());
        json.WriteString("implementation", call.Implementation);
        json.WriteNumber("flops", call.Flops);
        json.WriteNumber("bytes", call.Bytes);
        json.WriteNumber("ms", call.Milliseconds);
        json.WriteString("limit", LimitOf(call));
        json.WritePercent("percent_of_peak", Ceilings.ShareOfPeak(call));
        if (call.AloneMilliseconds is { } alone)
            json.WriteNumber("alone_ms", alone);
        json.WriteEndObject();
    }

    private string LimitOf(CallTiming call) => Ceilings.IsMemoryBound(call) ? "memory" : "compute";
}
