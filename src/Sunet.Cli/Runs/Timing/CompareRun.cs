using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Measuring;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Training;
using Sunet.Onnx;

namespace Sunet.Cli.Runs.Timing;

/// <summary>
/// Times a segmenter's prediction against ONNX Runtime: the same weights, input, threads and output, in interleaved runs.
/// </summary>
internal static class CompareRun
{
    /// <summary>How far logits in bfloat16 may be from float32's.</summary>
    private const double Bf16Tolerance = 3e-2;

    /// <summary>Compares and prints.</summary>
    /// <exception cref="SunetException">The model cannot be had, ONNX Runtime is missing, or the two do not compute the same.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        Shape image = PlanSettings.Image(values);
        PlanTimingOptions options = BenchRun.TimingOptions(values);
        options.Validate();
        SunetModel model = ModelFile.Segmenter(PlanSettings.Model(values, output), values.TextOrNull("weights") ?? "", outputStride: null);

        // A library that is missing is found out before files are written.
        OnnxSession.EnsureLoaded();
        CpuOptions cpu;
        string backend;
        using (var device = new CpuBackend(DeviceSettings.CpuOptionsWithPrecision(values)))
            (cpu, backend) = (device.Options, device.Description);
        using var folder = new TemporaryFolder("sunet-compare-");
        string checkpoint = Path.Combine(folder.Path, "model.safetensors");
        var files = new ContenderFiles(checkpoint, ExportBeside(checkpoint), image, model.Spec.Classes, cpu);
        model.Save(files.Checkpoint);
        OnnxExporter.Write(model, files.Export);
        Comparison comparison = Compare(files, options, cancellation);
        if (values.Flag("json"))
            output.Json(json => Write(json, model.Spec, image, backend, comparison));
        else
            Print(output, model.Spec, image, backend, comparison);
    }

    /// <summary>Where the exported model lies beside a checkpoint.</summary>
    public static string ExportBeside(string checkpoint) => Path.ChangeExtension(checkpoint, ".onnx");

    /// <summary>Memory of the caller's for an input of noise, filled, and for the logits.</summary>
    public static (float[] Pixels, float[] Logits) Buffers(ContenderFiles files)
    {
        using var noise = new NoiseBatches(files.Image, SunetSpec.Segmenter(SunetConfig.All[0].Name, files.Classes));
        return (noise.Read(0).Images, new float[files.Logits.ArrayLength]);
    }

    private static Comparison Compare(ContenderFiles files, PlanTimingOptions options, CancellationToken cancellation)
    {
        using Contender ours = Contender.Load(Contender.Ours, files), theirs = Contender.Load(Contender.Theirs, files);
        (float[] pixels, float[] ourLogits) = Buffers(files);
        var theirLogits = new float[ourLogits.Length];
        ours.Run(pixels, ourLogits);
        theirs.Run(pixels, theirLogits);
        OnnxDifference difference = OnnxVerifier.Difference(files.Image, files.Logits, theirLogits, ourLogits);
        RequireSame(difference, files.Cpu.Precision == Precision.Bf16 ? Bf16Tolerance : OnnxVerifier.Tolerance);
        ColdStart? ourStart = ColdStart.Measure(Contender.Ours, files, cancellation);
        ColdStart? theirStart = ColdStart.Measure(Contender.Theirs, files, cancellation);
        double[][] times = InterleavedTimer.Time(
            options.Iterations, options.WarmUp, [() => ours.Run(pixels, ourLogits), () => theirs.Run(pixels, theirLogits)], cancellation);
        return new Comparison(
            new ContenderTimes(ours.Name, times[0], ourStart), new ContenderTimes(theirs.Name, times[1], theirStart),
            difference.RelativeError);
    }

    /// <summary>Refuses to compare the times of two that do not compute the same.</summary>
    /// <exception cref="BackendException">The logits differ by more than the tolerance.</exception>
    internal static void RequireSame(OnnxDifference difference, double tolerance)
    {
        if (!(difference.RelativeError <= tolerance))
        {
            throw new BackendException($"The logits differ from ONNX Runtime's by {Numbers.Scientific(difference.RelativeError)} at "
                + $"{difference.Image}, more than {Numbers.Scientific(tolerance)}, so that times cannot be compared; "
                + "report this.", OnnxSession.Library);
        }
    }

    private static void Print(CommandOutput output, SunetSpec spec, Shape image, string backend, Comparison comparison)
    {
        var table = new TextTable("contender", ">median ms", ">least ms", ">first ms", ">added memory");
        foreach (ContenderTimes side in (ContenderTimes[])[comparison.Ours, comparison.Theirs])
        {
            table.Add(side.Name, Numbers.Fixed(side.Median, 3), Numbers.Fixed(side.Least, 3),
                side.Start is { } start ? Numbers.Fixed(start.FirstMilliseconds, 0) : "",
                side.Start?.AddedBytes is { } bytes ? ByteSize.Text(bytes) : "");
        }

        output.Table(table);
        output.Result($"{spec.Config.Name}  output stride {spec.OutputStride}  prediction of {image}, logits at full size, "
            + $"relative difference {Numbers.Scientific(comparison.Difference)}");
        output.Result($"{backend}; ONNX Runtime {OnnxSession.RuntimeVersion}; first: load and predict once in a new process, the middle "
            + "one of three");
        output.Result($"time / ONNX Runtime's {Numbers.Fixed(comparison.Ratio, 3)} of medians, "
            + $"{Numbers.Fixed(comparison.LeastRatio, 3)} of the least");
    }

    private static void Write(Utf8JsonWriter json, SunetSpec spec, Shape image, string backend, Comparison comparison)
    {
        json.WriteString("model", spec.Config.Name);
        json.WriteNumber("output_stride", spec.OutputStride);
        json.WriteString("image", image.ToString());
        json.WriteNumber("iterations", comparison.Ours.Milliseconds.Count);
        json.WriteString("backend", backend);
        json.WriteString("onnxruntime", OnnxSession.RuntimeVersion);
        json.WriteString("cpu", SystemFacts.Cpu);
        json.WriteString("version", SystemFacts.Version);
        json.WriteNumber("relative_difference", comparison.Difference);
        json.WriteNumber("ratio", comparison.Ratio);
        json.WriteNumber("least_ratio", comparison.LeastRatio);
        json.WriteStartArray("contenders");
        foreach (ContenderTimes side in (ContenderTimes[])[comparison.Ours, comparison.Theirs])
        {
            json.WriteStartObject();
            json.WriteString("name", side.Name);
            json.WriteNumber("median_ms", side.Median);
            json.WriteNumber("least_ms", side.Least);
            if (side.Start is { } start)
                json.WriteNumber("first_ms", start.FirstMilliseconds);
            if (side.Start?.AddedBytes is { } bytes)
                json.WriteNumber("added_bytes", bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
