using System.Text;
using System.Text.Json;
using Sunet.Native.Files;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Onnx.Format;
using Sunet.Onnx.Translation;

namespace Sunet.Onnx;

/// <summary>
/// Writes models in the Open Neural Network Exchange format (onnx.ai), translated op by op from the graph that prediction runs. Batch,
/// height and width are free, height and width from <see cref="SunetGraph.SmallestSize"/> up; the same model gives the same bytes.
/// </summary>
public static class OnnxExporter
{
    /// <summary>The version of the operators.</summary>
    public const int Opset = 17;

    /// <summary>The version of the file format, the one that came with <see cref="Opset"/>.</summary>
    public const int IrVersion = 8;

    /// <summary>The name of the input: normalised pixels, float32 [N, 3, H, W].</summary>
    public const string InputName = "image";

    /// <summary>The name of the output: float32 [N, classes, H, W] of a segmenter, [N, classes] of a classifier.</summary>
    public const string OutputName = "logits";

    private const string Producer = "Sunet.Native";

    /// <summary>
    /// Writes a file, durably. Its metadata have <c>model</c>, <c>head</c>, <c>output_stride</c>, and as JSON arrays <c>class_names</c>,
    /// <c>normalization_mean</c> and <c>normalization_std</c> (of pixels in [0, 1], R, G, B).
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The destination; its folder exists.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <exception cref="ConfigurationException">The file would take 2 GiB or more, or an op has no counterpart.</exception>
    /// <exception cref="CheckpointException">The file could not be written; an earlier one is unchanged.</exception>
    public static OnnxExport Write(SunetModel model, string path, OnnxExportOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        SunetSpec spec = model.Spec;
        var network = new SampledNetwork((options ?? new OnnxExportOptions()).FoldBatchNorm
            ? image => SunetGraph.ForInference(spec, image)
            : image => SunetGraph.Build(spec, image, BatchNormMode.Inference, batchNormMomentum: 0));
        NodeList nodes = Translate(network, model);
        (OnnxTensor input, OnnxTensor output) = Signature(spec);
        ProtobufMessage graph = OnnxMessages.Graph(spec.Config.Name, nodes.Nodes.Select(OnnxMessages.Node), nodes.Initializers,
            OnnxMessages.Tensor(input), OnnxMessages.Tensor(output));
        ProtobufMessage file = OnnxMessages.Model((Producer, Version), graph, Opset, IrVersion, Metadata(spec));
        Save(file, path);
        return new OnnxExport(path, file.Length, nodes.Nodes.Count, input, output);
    }

    /// <summary>Writes a message as a file.</summary>
    /// <exception cref="ConfigurationException">It takes 2 GiB or more.</exception>
    internal static void Save(ProtobufMessage file, string path)
    {
        if (file.Length > int.MaxValue)
        {
            throw new ConfigurationException(FormattableString.Invariant(
                $"'{path}' would take {file.Length:N0} bytes, and an ONNX file has less than 2 GiB; export a smaller model."));
        }

        DurableFile.Write(path, file.WriteTo);
    }

    // Without the commit, which would make files of equal models differ.
    private static string Version => typeof(OnnxExporter).Assembly.GetName().Version!.ToString(fieldCount: 3);

    private static NodeList Translate(SampledNetwork network, SunetModel model)
    {
        var nodes = new NodeList(model.Read);
        nodes.Define(network.First.Image, InputName);
        var translator = new OpTranslator(network, nodes);
        for (int index = 0; index < network.First.Graph.Ops.Count; index++)
            translator.Translate(index);
        nodes.Rename(network.First.Logits, OutputName);
        return nodes;
    }

    private static (OnnxTensor Input, OnnxTensor Output) Signature(SunetSpec spec)
    {
        string classes = FormattableString.Invariant($"{spec.Classes}");
        return (
            new OnnxTensor(InputName, ["batch", "3", "height", "width"], "pixels R, G, B, (value / 255 - mean) / std"),
            spec.Head == SunetHead.Segmenter
                ? new OnnxTensor(OutputName, ["batch", classes, "height", "width"], "a score for every class and pixel, before softmax")
                : new OnnxTensor(OutputName, ["batch", classes], "a score for every class, before softmax"));
    }

    private static (string Key, string Value)[] Metadata(SunetSpec spec) =>
    [
        ("model", spec.Config.Name),
        ("head", spec.Head == SunetHead.Segmenter ? "segmenter" : "classifier"),
        ("output_stride", FormattableString.Invariant($"{spec.OutputStride}")),
        ("class_names", Json(spec.ClassNames, (json, name) => json.WriteStringValue(name))),
        ("normalization_mean", Json(spec.Normalization.Mean, (json, mean) => json.WriteNumberValue(mean))),
        ("normalization_std", Json(spec.Normalization.Deviation, (json, deviation) => json.WriteNumberValue(deviation))),
    ];

    private static string Json<T>(IEnumerable<T> elements, Action<Utf8JsonWriter, T> write)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartArray();
            foreach (T element in elements)
                write(json, element);
            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }
}
