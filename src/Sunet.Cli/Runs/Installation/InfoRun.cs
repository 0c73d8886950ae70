using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Timing;
using Sunet.Cli.Settings;
using Sunet.Native.Backends;
using Sunet.Native.Measuring;
using Sunet.Native.Models;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Installation;

/// <summary>Shows what a model compiles to.</summary>
internal static class InfoRun
{
    private const double Mega = 1e6;

    /// <summary>Compiles and prints.</summary>
    /// <exception cref="Sunet.Native.SunetException">The model cannot be had, or does not fit into memory.</exception>
    public static void Execute(SettingValues values, CommandOutput output)
    {
        bool json = values.Flag("json"), train = values.Flag("train");
        Shape image = PlanSettings.Image(values);
        SunetModel model = PlanSettings.Model(values, output);
        using OpenDevice device = DeviceSettings.Open(values);
        IBackend backend = device.Backend;
        using var benched = new BenchedPlan(model, image, train, device);
        PlanReport report = PlanReport.Of(benched.Plan);
        if (json)
            output.Json(writer => Write(writer, model, image, train, backend, report));
        else
            Print(output, model, image, train, backend, report);
    }

    private static void Print(CommandOutput output, SunetModel model, Shape image, bool train, IBackend backend, PlanReport report)
    {
        var layers = new TextTable("layer", "op", "output", "layout", "implementation", ">bytes", ">MFLOPs");
        foreach (PlanReportRow row in report.Rows)
        {
            layers.Add(row.Layer, row.Kind, row.Output?.ToString() ?? "", row.Format, row.Implementation, Numbers.Grouped(row.Bytes),
                Numbers.Fixed(row.Flops / Mega, 1));
        }

        output.Table(layers);
        var memory = new TextTable("memory", ">bytes");
        foreach (PlanReportRegion region in report.Regions)
            memory.Add(region.Name, Numbers.Grouped(region.Bytes));
        memory.Add("total", Numbers.Grouped(report.TotalBytes));
        memory.Add("(activations without sharing)", Numbers.Grouped(report.ActivationBytesUnshared));
        output.Table(memory);
        output.Result($"{model.Spec.Config.Name}  output stride {model.Spec.OutputStride}  {Counted.Text(model.Spec.Classes, "classes")}  "
            + $"{Numbers.Grouped(model.ParameterCount)} parameters");
        output.Result($"{(train ? "training step" : "prediction")} of {image}: {Numbers.Fixed(report.TotalFlops / 1e9, 2)} GFLOPs, "
            + $"a multiply-add counted as two, on {backend.Description}");
    }

    private static void Write(Utf8JsonWriter json, SunetModel model, Shape image, bool train, IBackend backend, PlanReport report)
    {
        json.WriteString("model", model.Spec.Config.Name);
        json.WriteNumber("output_stride", model.Spec.OutputStride);
        json.WriteNumber("classes", model.Spec.Classes);
        json.WriteNumber("parameters", model.ParameterCount);
        json.WriteString("image", image.ToString());
        json.WriteString("purpose", train ? "training" : "inference");
        json.WriteString("backend", backend.Description);
        json.WriteNumber("flops", report.TotalFlops);
        json.WriteStartArray("layers");
        foreach (PlanReportRow row in report.Rows)
        {
            json.WriteStartObject();
            json.WriteString("layer", row.Layer);
            json.WriteString("op", row.Kind);
            json.WriteString("phase", row.Phase.ToString());
            json.WriteString("output", row.Output?.ToString());
            json.WriteString("layout", row.Format);
            json.WriteString("implementation", row.Implementation);
            json.WriteNumber("bytes", row.Bytes);
            json.WriteNumber("flops", row.Flops);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartObject("memory");
        foreach (PlanReportRegion region in report.Regions)
            json.WriteNumber(region.Name, region.Bytes);
        json.WriteNumber("total", report.TotalBytes);
        json.WriteEndObject();
    }
}
