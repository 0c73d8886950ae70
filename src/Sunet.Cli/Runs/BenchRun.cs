using System.Text;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native.Checkpoints;
using Sunet.Native.Compilation;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs;

/// <summary>Times a model layer by layer.</summary>
internal static class BenchRun
{
    private const string CsvHeader = "layer,op,phase,implementation,flops,ms,gflops_per_s,alone_ms";

    /// <summary>Times and prints.</summary>
    /// <exception cref="Sunet.Native.SunetException">The model cannot be had, or does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        bool json = values.Flag("json"), train = values.Flag("train");
        Shape image = PlanSettings.Image(values);
        var options = new PlanTimingOptions { Iterations = values.Int("iters", 1), WarmUp = values.Int("warmup", 1) };
        SunetModel model = PlanSettings.Model(values);
        using OpenDevice device = DeviceSettings.Open(values);
        IBackend backend = device.Backend;
        using var benched = new BenchedPlan(model, image, train, device);
        PlanTimings timings = PlanTimings.Measure(benched.Plan, options, benched.WriteInputs, benched.Step, cancellation);
        if (values.TextOrNull("csv") is { } file)
        {
            byte[] csv = Encoding.UTF8.GetBytes(Csv(timings));
            DurableFile.Write(file, stream => stream.Write(csv));
        }

        if (json)
            output.Json(writer => Write(writer, model, image, train, options, timings, backend));
        else
            Print(output, model, image, train, timings, backend);
    }

    private static void Print(CommandOutput output, SunetModel model, Shape image, bool train, PlanTimings timings, IBackend backend)
    {
        double all = timings.Calls.Sum(c => c.Milliseconds);
        var table = new TextTable("layer", "op", "implementation", ">ms", ">GFLOP/s", ">share %", ">alone ms");
        foreach (CallTiming call in timings.Calls)
        {
            table.Add(call.Layer, call.Kind, call.Implementation, Numbers.Fixed(call.Milliseconds, 3),
                call.Flops == 0 ? "" : Numbers.Fixed(call.GigaflopsPerSecond, 1), Numbers.Percent(call.Milliseconds / all),
                call.AloneMilliseconds is { } alone ? Numbers.Fixed(alone, 3) : "");
        }

        output.Table(table);
        output.Result($"{model.Spec.Config.Name}  output stride {model.Spec.OutputStride}  "
            + $"{(train ? "training step" : "prediction")} of {image}  on {backend.Description}");
        output.Result($"step {Numbers.Fixed(timings.StepMilliseconds, 3)} ms  "
            + $"{Numbers.Fixed(image.Batch * 1e3 / timings.StepMilliseconds, 2)} images/s");
        output.Result($"convolutions {Numbers.Fixed(timings.ConvolutionsInStepMilliseconds, 3)} ms in the step, "
            + $"{Numbers.Fixed(timings.ConvolutionsAloneMilliseconds, 3)} ms alone; step / convolutions alone {Numbers.Fixed(timings.Ratio, 3)}");
    }

    private static void Write(
        Utf8JsonWriter json, SunetModel model, Shape image, bool train, PlanTimingOptions options, PlanTimings timings, IBackend backend)
    {
        json.WriteString("model", model.Spec.Config.Name);
        json.WriteNumber("output_stride", model.Spec.OutputStride);
        json.WriteString("image", image.ToString());
        json.WriteString("purpose", train ? "training" : "inference");
        json.WriteNumber("iterations", options.Iterations);
        json.WriteNumber("warmup", options.WarmUp);
        SystemFacts.Write(json, backend);
        json.WriteNumber("step_ms", timings.StepMilliseconds);
        json.WriteNumber("images_per_s", image.Batch * 1e3 / timings.StepMilliseconds);
        json.WriteNumber("convolutions_in_step_ms", timings.ConvolutionsInStepMilliseconds);
        json.WriteNumber("convolutions_alone_ms", timings.ConvolutionsAloneMilliseconds);
        json.WriteNumber("ratio", timings.Ratio);
        json.WriteStartArray("layers");
        foreach (CallTiming call in timings.Calls)
        {
            json.WriteStartObject();
            json.WriteString("layer", call.Layer);
            json.WriteString("op", call.Kind);
            json.WriteString("phase", call.Phase.ToString());
            json.WriteString("implementation", call.Implementation);
            json.WriteNumber("flops", call.Flops);
            json.WriteNumber("ms", call.Milliseconds);
            if (call.AloneMilliseconds is { } alone)
                json.WriteNumber("alone_ms", alone);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static string Csv(PlanTimings timings)
    {
        var text = new StringBuilder(CsvHeader).Append('\n');
        foreach (CallTiming call in timings.Calls)
        {
            text.AppendJoin(',', call.Layer, call.Kind, call.Phase, call.Implementation, call.Flops, Numbers.Exact(call.Milliseconds),
                Numbers.Exact(call.GigaflopsPerSecond), call.AloneMilliseconds is { } alone ? Numbers.Exact(alone) : "").Append('\n');
        }

        return text.ToString();
    }
}
