using System.Buffers;
using System.Runtime.InteropServices;
using Sunet.Native.Graphs;
using Sunet.Onnx.Format;

namespace Sunet.Onnx.Translation;

/// <summary>The nodes and constants of an ONNX graph while ops are translated into it.</summary>
/// <param name="model">Reads the model's own parameters when the file is written.</param>
internal sealed class NodeList(ParameterReader model)
{
    private readonly List<OnnxNode> nodes = [];
    private readonly OrderedDictionary<string, ProtobufMessage> initializers = [];
    private readonly Dictionary<Value, string> tensors = [];
    private readonly Dictionary<Value, string> sizes = [];

    /// <summary>The nodes, each behind those it reads.</summary>
    public IReadOnlyList<OnnxNode> Nodes => nodes;

    /// <summary>Weights and other constants, in the order they are first read.</summary>
    public IEnumerable<ProtobufMessage> Initializers => initializers.Values;

    /// <summary>Adds a node whose output has its name.</summary>
    /// <returns>The output's name.</returns>
    public string Add(string type, string name, string[] inputs, params ProtobufMessage[] attributes)
    {
        nodes.Add(new OnnxNode(type, name, inputs, name, attributes));
        return name;
    }

    /// <summary>Says under what name a value is found: the graph's input, or what the nodes of its op write.</summary>
    public void Define(Value value, string tensor) => tensors.Add(value, tensor);

    /// <summary>The name of a value that is defined, or of a parameter or buffer, which becomes a constant.</summary>
    public string NameOf(Value value)
    {
        if (tensors.TryGetValue(value, out string? tensor))
            return tensor;
        initializers.Add(value.Name, OnnxMessages.Floats(value.Name, value.Shape.ToArray(), stream => WriteElements(value, stream)));
        tensors.Add(value, value.Name);
        return value.Name;
    }

    /// <summary>The name of a constant of integers, [n].</summary>
    public string Integers(string name, params long[] values)
    {
        initializers.TryAdd(name, OnnxMessages.Integers(name, values));
        return name;
    }

    /// <summary>The name of a value's height and width as the run has them, int64 [2].</summary>
    public string SizeOf(Value value)
    {
        if (!sizes.TryGetValue(value, out string? size))
        {
            string tensor = NameOf(value);
            size = Add("Shape", tensor + "/size", [tensor], OnnxMessages.Attribute("start", 2L), OnnxMessages.Attribute("end", 4L));
            sizes.Add(value, size);
        }

        return size;
    }

    /// <summary>Renames the tensor of a value that no node reads.</summary>
    public void Rename(Value value, string name)
    {
        int at = nodes.FindIndex(n => n.Output == NameOf(value));
        nodes[at] = nodes[at] with { Output = name };
        tensors[value] = name;
    }

    private void WriteElements(Value value, Stream stream)
    {
        if (value.Derivation is null)
        {
            stream.Write(MemoryMarshal.AsBytes(model(value.Name)));
            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(value.Shape.ArrayLength);
        Span<float> elements = rented.AsSpan(0, value.Shape.ArrayLength);
        value.Derivation.Compute(model, elements);
        stream.Write(MemoryMarshal.AsBytes(elements));
        ArrayPool<float>.Shared.Return(rented);
    }
}
