namespace Sunet.Onnx.Format;

/// <summary>
/// The messages of <c>onnx.proto</c> (github.com/onnx/onnx, IR version 8) that a model of one graph needs. Numbers are its fields.
/// </summary>
internal static class OnnxMessages
{
    // Element types of tensors, and the types of attributes.
    private const int Float = 1, Int64 = 7;
    private const int AttributeType = 20, OneFloat = 1, OneInteger = 2, OneText = 3, ManyIntegers = 7;

    /// <summary>A model.</summary>
    /// <param name="producer">The program that wrote it, and its version.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="opset">The version of the operators of the default domain.</param>
    /// <param name="irVersion">The version of the format.</param>
    /// <param name="metadata">Free strings, in order.</param>
    public static ProtobufMessage Model((string Name, string Version) producer, ProtobufMessage graph, int opset, int irVersion,
        IEnumerable<(string Key, string Value)> metadata)
    {
        ProtobufMessage model = new ProtobufMessage().Add(1, irVersion).Add(2, producer.Name).Add(3, producer.Version).Add(7, graph)
            .Add(8, new ProtobufMessage().Add(1, "").Add(2, opset));
        foreach ((string key, string value) in metadata)
            model.Add(14, new ProtobufMessage().Add(1, key).Add(2, value));
        return model;
    }

    /// <summary>A graph.</summary>
    public static ProtobufMessage Graph(string name, IEnumerable<ProtobufMessage> nodes, IEnumerable<ProtobufMessage> initializers,
        ProtobufMessage input, ProtobufMessage output)
    {
        var graph = new ProtobufMessage();
        foreach (ProtobufMessage node in nodes)
            graph.Add(1, node);
        graph.Add(2, name);
        foreach (ProtobufMessage initializer in initializers)
            graph.Add(5, initializer);
        return graph.Add(11, input).Add(12, output);
    }

    /// <summary>An input or output of float32.</summary>
    public static ProtobufMessage Tensor(OnnxTensor tensor)
    {
        var shape = new ProtobufMessage();
        foreach (string dimension in tensor.Dimensions)
        {
            shape.Add(1, long.TryParse(dimension, out long size)
                ? new ProtobufMessage().Add(1, size)
                : new ProtobufMessage().Add(2, dimension));
        }

        ProtobufMessage type = new ProtobufMessage().Add(1, new ProtobufMessage().Add(1, Float).Add(2, shape));
        return new ProtobufMessage().Add(1, tensor.Name).Add(2, type).Add(3, tensor.Description);
    }

    /// <summary>A node of one output.</summary>
    public static ProtobufMessage Node(OnnxNode node)
    {
        var message = new ProtobufMessage();
        foreach (string input in node.Inputs)
            message.Add(1, input);
        message.Add(2, node.Output).Add(3, node.Name).Add(4, node.Type);
        foreach (ProtobufMessage attribute in node.Attributes)
            message.Add(5, attribute);
        return message;
    }

    /// <summary>An attribute of one integer.</summary>
    public static ProtobufMessage Attribute(string name, long value) =>
        new ProtobufMessage().Add(1, name).Add(3, value).Add(AttributeType, OneInteger);

    /// <summary>An attribute of one float.</summary>
    public static ProtobufMessage Attribute(string name, float value) =>
        new ProtobufMessage().Add(1, name).Add(2, value).Add(AttributeType, OneFloat);

    /// <summary>An attribute of a text.</summary>
    public static ProtobufMessage Attribute(string name, string value) =>
        new ProtobufMessage().Add(1, name).Add(4, value).Add(AttributeType, OneText);

    /// <summary>An attribute of integers.</summary>
    public static ProtobufMessage Attribute(string name, params ReadOnlySpan<long> values)
    {
        ProtobufMessage attribute = new ProtobufMessage().Add(1, name);
        foreach (long value in values)
            attribute.Add(8, value);
        return attribute.Add(AttributeType, ManyIntegers);
    }

    /// <summary>A constant of integers, [n].</summary>
    public static ProtobufMessage Integers(string name, long[] values)
    {
        ProtobufMessage tensor = new ProtobufMessage().Add(1, values.Length).Add(2, Int64);
        foreach (long value in values)
            tensor.Add(7, value);
        return tensor.Add(8, name);
    }

    /// <summary>A constant of float32, row-major and little-endian.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimensions">Its dimensions, outermost first.</param>
    /// <param name="write">Writes four bytes for each element.</param>
    public static ProtobufMessage Floats(string name, int[] dimensions, Action<Stream> write)
    {
        ProtobufMessage tensor = new();
        long bytes = sizeof(float);
        foreach (int dimension in dimensions)
        {
            tensor.Add(1, dimension);
            bytes *= dimension;
        }

        return tensor.Add(2, Float).Add(8, name).Add(9, bytes, write);
    }
}
