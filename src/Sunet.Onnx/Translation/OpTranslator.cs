using Sunet.Native.Graphs;
using Sunet.Native.Ops;
using Sunet.Native.Tensors;
using Sunet.Onnx.Format;

namespace Sunet.Onnx.Translation;

/// <summary>Turns ops into nodes of ONNX's operators, version 17, for images of any size. One translation an op.</summary>
/// <param name="network">The network at many sizes.</param>
/// <param name="nodes">Takes the nodes.</param>
internal sealed class OpTranslator(SampledNetwork network, NodeList nodes)
{
    private static readonly Dictionary<Type, Translation> Translations = new()
    {
        [typeof(Convolution)] = (translator, op, index) => translator.Translate((Convolution)op, index),
        [typeof(TransposedConvolution)] = (translator, op, index) => translator.Translate((TransposedConvolution)op, index),
        [typeof(BatchNormApply)] = (translator, op, _) => translator.Translate((BatchNormApply)op),
        [typeof(Relu)] = (translator, op, _) => translator.Translate((Relu)op),
        [typeof(Add)] = (translator, op, _) => translator.Translate((Add)op),
        [typeof(Concat)] = (translator, op, _) => translator.Translate((Concat)op),
        [typeof(AveragePool)] = (translator, op, _) => translator.Translate((AveragePool)op),
        [typeof(GlobalAveragePool)] = (translator, op, _) => translator.Translate((GlobalAveragePool)op),
        [typeof(Linear)] = (translator, op, _) => translator.Translate((Linear)op),
        [typeof(BilinearResize)] = (translator, op, index) => translator.Translate((BilinearResize)op, index),
    };

    /// <summary>Gives the name of the tensor that is the output of an op, the one at an index.</summary>
    private delegate string Translation(OpTranslator translator, Op op, int index);

    /// <summary>The ops that have a translation.</summary>
    public static IReadOnlyCollection<Type> Translated => Translations.Keys;

    /// <summary>Forward ops that no exported network has, since they train, evaluate, or stand before or behind a network.</summary>
    public static IReadOnlyCollection<Type> NotExported { get; } =
    [
        typeof(BatchNormStatistics), typeof(SoftmaxCrossEntropy), typeof(DiceCrossEntropy), typeof(ConfusionCounts),
        typeof(NormalizeImage), typeof(WidenLabels), typeof(Softmax), typeof(AverageProbabilities), typeof(ArgMax),
    ];

    /// <summary>Translates the op at an index; those before it are translated.</summary>
    /// <exception cref="ConfigurationException">There is no translation; the message names the op.</exception>
    public void Translate(int index)
    {
        Op op = network.First.Graph.Ops[index];
        if (!Translations.TryGetValue(op.GetType(), out Translation? translation))
            throw Untranslatable(op);
        nodes.Define(op.Output, translation(this, op, index));
    }

    private string Translate(Convolution op, int index)
    {
        foreach (Convolution sample in network.At(index).Cast<Convolution>())
            RequireSymmetric(op, sample.Geometry, sample.X.Shape, sample.Output.Shape, sample.Weights.Shape);
        string y = nodes.Add("Conv", op.Name, Operands(op.X, op.Weights, op.Bias), Geometry(op.Geometry, op.Weights.Shape));
        if (op.Accumulator is { } accumulator)
            y = nodes.Add("Add", op.Name + "/sum", [y, nodes.NameOf(accumulator)]);
        return ReluIf(op.FusedRelu, op, y);
    }

    /// <summary>
    /// ONNX computes as many rows and columns as a stride leaves open, and what is more than the tensor has that the result meets is cut.
    /// </summary>
    private string Translate(TransposedConvolution op, int index)
    {
        foreach (TransposedConvolution sample in network.At(index).Cast<TransposedConvolution>())
            RequireSymmetric(op, sample.Geometry, sample.Output.Shape, sample.X.Shape, sample.Weights.Shape);
        (int H, int W) stride = op.Geometry.Stride;
        string y = nodes.Add("ConvTranspose", op.Name, Operands(op.X, op.Weights, op.Bias),
            [.. Geometry(op.Geometry, op.Weights.Shape), OnnxMessages.Attribute("output_padding", stride.H - 1, stride.W - 1)]);
        if (stride != (1, 1))
        {
            y = nodes.Add("Slice", op.Name + "/crop",
                [y, nodes.Integers("origin", 0, 0), nodes.SizeOf(network.SizeOf(index)), nodes.Integers("spatial_axes", 2, 3)]);
        }

        return ReluIf(op.FusedRelu, op, y);
    }

    private string Translate(Relu op) => nodes.Add("Relu", op.Name, Names(op.X));

    private string Translate(Add op) => nodes.Add("Add", op.Name, Names(op.A, op.B));

    private string Translate(Concat op) => nodes.Add("Concat", op.Name, Names(op.A, op.B), OnnxMessages.Attribute("axis", 1L));

    private string Translate(AveragePool op) => nodes.Add("AveragePool", op.Name, Names(op.X),
        OnnxMessages.Attribute("kernel_shape", op.Window, op.Window), OnnxMessages.Attribute("strides", op.Window, op.Window));

    private string Translate(GlobalAveragePool op) => nodes.Add("GlobalAveragePool", op.Name, Names(op.X));

    private string Translate(BatchNormApply op)
    {
        if (op.BatchStatistics)
            throw Untranslatable(op);
        string[] inputs = Names(op.X, op.Gamma, op.Beta, op.Mean, op.Variance);
        return ReluIf(op.FusedRelu, op, nodes.Add("BatchNormalization", op.Name, inputs, OnnxMessages.Attribute("epsilon", op.Epsilon)));
    }

    private string Translate(Linear op)
    {
        string x = nodes.Add("Flatten", op.Name + "/flatten", Names(op.X), OnnxMessages.Attribute("axis", 1L));
        return nodes.Add("Gemm", op.Name, [x, .. Names(op.Weights, op.Bias)],
            OnnxMessages.Attribute("transB", 1L));
    }

    private string Translate(BilinearResize op, int index)
    {
        string x = nodes.NameOf(op.X);
        string outer = nodes.Add("Shape", op.Name + "/batch_and_channels", [x], OnnxMessages.Attribute("end", 2L));
        string size = nodes.Add("Concat", op.Name + "/shape", [outer, nodes.SizeOf(network.SizeOf(index))],
            OnnxMessages.Attribute("axis", 0L));
        return nodes.Add("Resize", op.Name, [x, "", "", size], OnnxMessages.Attribute("mode", "linear"),
            OnnxMessages.Attribute("coordinate_transformation_mode", "half_pixel"));
    }

    private static ConfigurationException Untranslatable(Op op) => new($"{op.Kind} '{op.Name}' has no counterpart in the ONNX export.");

    private string ReluIf(bool fused, Op op, string y) => fused ? nodes.Add("Relu", op.Name + "/relu", [y]) : y;

    private string[] Operands(Value x, Value weights, Value? bias) => bias is null ? Names(x, weights) : Names(x, weights, bias);

    private string[] Names(params Value[] values) => [.. values.Select(nodes.NameOf)];

    private static ProtobufMessage[] Geometry(ConvolutionGeometry geometry, Shape weights) =>
    [
        OnnxMessages.Attribute("dilations", geometry.Dilation.H, geometry.Dilation.W),
        OnnxMessages.Attribute("kernel_shape", weights[2], weights[3]),
        OnnxMessages.Attribute("pads", geometry.PaddingBegin.H, geometry.PaddingBegin.W, geometry.PaddingBegin.H, geometry.PaddingBegin.W),
        OnnxMessages.Attribute("strides", geometry.Stride.H, geometry.Stride.W),
    ];

    /// <summary>
    /// An op has the padding its last taps need, which depends on the image's size. What they leave unread does no harm, so a layer that is
    /// padded alike at both ends is one node for all sizes; another is refused.
    /// </summary>
    private static void RequireSymmetric(Op op, ConvolutionGeometry geometry, Shape large, Shape small, Shape weights)
    {
        ConvolutionGeometry symmetric = geometry with { PaddingEnd = geometry.PaddingBegin };
        if (symmetric.OutputSize(large.Height, large.Width, weights[2], weights[3]) != (small.Height, small.Width))
            throw new ConfigurationException($"{op.Kind} '{op.Name}' is not padded alike at both ends, which no export supports.");
    }
}
