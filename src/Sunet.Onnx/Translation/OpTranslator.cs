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
    /// <summary>Translates the op at an index; those before it are translated.</summary>
    /// <exception cref="ConfigurationException">There is no translation; the message names the op.</exception>
    public void Translate(int index)
    {
        Op op = network.First.Graph.Ops[index];
        nodes.Define(op.Output, op switch
        {
            Convolution convolution => Translate(convolution, index),
            TransposedConvolution convolution => Translate(convolution, index),
            BatchNormApply { BatchStatistics: false } norm => Translate(norm),
            Relu relu => nodes.Add("Relu", op.Name, Names(relu.X)),
            Add add => nodes.Add("Add", op.Name, Names(add.A, add.B)),
            Concat concat => nodes.Add("Concat", op.Name, Names(concat.A, concat.B), OnnxMessages.Attribute("axis", 1L)),
            AveragePool pool => nodes.Add("AveragePool", op.Name, Names(pool.X),
                OnnxMessages.Attribute("kernel_shape", pool.Window, pool.Window),
                OnnxMessages.Attribute("strides", pool.Window, pool.Window)),
            GlobalAveragePool pool => nodes.Add("GlobalAveragePool", op.Name, Names(pool.X)),
            Linear linear => Translate(linear),
            BilinearResize resize => Translate(resize, index),
            _ => throw new ConfigurationException($"{op.Kind} '{op.Name}' has no counterpart in the ONNX export."),
        });
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

    private string Translate(BatchNormApply op)
    {
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
