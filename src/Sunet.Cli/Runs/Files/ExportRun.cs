using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Onnx;
using Sunet.Onnx.Format;

namespace Sunet.Cli.Runs.Files;

/// <summary>Writes a model as a file for other programs, and says whether it computes the same there.</summary>
internal static class ExportRun
{
    /// <summary>Writes, compares and prints.</summary>
    /// <exception cref="SunetException">
    /// The model cannot be had or the file not be written; or the file differs from the model by more than
    /// <see cref="OnnxVerifier.Tolerance"/>, which is a <see cref="BackendException"/>.
    /// </exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(ExportSettings settings, CommandOutput output, CancellationToken cancellation)
    {
        SunetModel model = WeightsSettings.Load(settings.Values, output);
        model = model.WithOutputStride(settings.OutputStride ?? model.Spec.OutputStride);
        if (!settings.ToOnnx)
        {
            Convert(model, settings, output);
            return;
        }

        // A library that is missing is found out before the file is written.
        if (settings.VerifiedAt.Count > 0)
            OnnxSession.EnsureLoaded();
        OnnxExport export = OnnxExporter.Write(model, settings.Out, new OnnxExportOptions { FoldBatchNorm = settings.Fold });
        IReadOnlyList<OnnxDifference> differences = Compare(model, settings, cancellation);
        if (settings.Json)
            output.Json(json => Write(json, export, differences));
        else
            Print(output, export, differences);
        RequireFaithful(settings.Out, differences);
    }

    /// <summary>Refuses a file that does not compute what its model does.</summary>
    /// <exception cref="BackendException">A difference is larger than <see cref="OnnxVerifier.Tolerance"/>.</exception>
    internal static void RequireFaithful(string file, IReadOnlyList<OnnxDifference> differences)
    {
        if (differences.FirstOrDefault(d => !d.IsWithinTolerance) is { } wrong)
        {
            throw new BackendException($"'{file}' differs from the model by {Numbers.Scientific(wrong.RelativeError)} at {wrong.Image}, "
                + $"more than {Numbers.Scientific(OnnxVerifier.Tolerance)}: do not use it, and report this.", OnnxSession.Library);
        }
    }

    private static IReadOnlyList<OnnxDifference> Compare(SunetModel model, ExportSettings settings, CancellationToken cancellation)
    {
        if (settings.VerifiedAt.Count == 0)
            return [];
        using var backend = new CpuBackend(settings.Threads);
        using var session = new OnnxSession(settings.Out, backend.Threads);
        return OnnxVerifier.Compare(model, session, settings.VerifiedAt, backend, DeviceSettings.PhysicalMemory, cancellation);
    }

    private static void Convert(SunetModel model, ExportSettings settings, CommandOutput output)
    {
        model.Save(settings.Out);
        long bytes = new FileInfo(settings.Out).Length;
        if (!settings.Json)
        {
            output.Result($"wrote {settings.Out}: {Numbers.Grouped(bytes)} bytes, "
                + $"{Numbers.Grouped(model.ParameterCount)} parameters, safetensors");
            return;
        }

        output.Json(json =>
        {
            json.WriteString("file", settings.Out);
            json.WriteString("format", "safetensors");
            json.WriteNumber("bytes", bytes);
            json.WriteNumber("parameters", model.ParameterCount);
        });
    }

    private static void Print(CommandOutput output, OnnxExport export, IReadOnlyList<OnnxDifference> differences)
    {
        output.Result($"wrote {export.Path}: {Numbers.Grouped(export.Bytes)} bytes, {export.Nodes} nodes, ONNX opset {OnnxExporter.Opset}");
        output.Result($"input   {export.Input}: {export.Input.Description}");
        output.Result($"output  {export.Output}: {export.Output.Description}");
        if (differences.Count == 0)
            return;
        var table = new TextTable("image", ">largest difference", ">relative (L2)", ">same class %");
        foreach (OnnxDifference difference in differences)
        {
            table.Add(difference.Image.ToString(), Numbers.Scientific(difference.LargestDifference),
                Numbers.Scientific(difference.RelativeError), Numbers.Percent(difference.ArgMaxAgreement));
        }

        output.Table(table);
        double largest = differences.Max(d => d.LargestDifference), relative = differences.Max(d => d.RelativeError);
        output.Result($"ONNX Runtime {OnnxSession.RuntimeVersion} differs from the model by at most {Numbers.Scientific(largest)}, "
            + $"relative {Numbers.Scientific(relative)}");
    }

    private static void Write(Utf8JsonWriter json, OnnxExport export, IReadOnlyList<OnnxDifference> differences)
    {
        json.WriteString("file", export.Path);
        json.WriteString("format", "onnx");
        json.WriteNumber("bytes", export.Bytes);
        json.WriteNumber("nodes", export.Nodes);
        json.WriteNumber("opset", OnnxExporter.Opset);
        json.WriteNumber("ir_version", OnnxExporter.IrVersion);
        Write(json, "input", export.Input);
        Write(json, "output", export.Output);
        if (differences.Count == 0)
            return;
        json.WriteString("onnxruntime", OnnxSession.RuntimeVersion);
        json.WriteNumber("tolerance", OnnxVerifier.Tolerance);
        json.WriteStartArray("differences");
        foreach (OnnxDifference difference in differences)
        {
            json.WriteStartObject();
            json.WriteString("image", difference.Image.ToString());
            json.WriteFinite("largest", difference.LargestDifference);
            json.WriteFinite("relative_l2", difference.RelativeError);
            json.WritePercent("same_class", difference.ArgMaxAgreement);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string name, OnnxTensor tensor)
    {
        json.WriteStartObject(name);
        json.WriteString("name", tensor.Name);
        json.WriteString("type", "float32");
        json.WriteStartArray("dimensions");
        foreach (string dimension in tensor.Dimensions)
            json.WriteStringValue(dimension);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
