using Sunet.Onnx.Format;

namespace Sunet.Onnx;

/// <summary>An ONNX file that was written.</summary>
public sealed record OnnxExport
{
    internal OnnxExport(string path, long bytes, int nodes, OnnxTensor input, OnnxTensor output)
    {
        Path = path;
        Bytes = bytes;
        Nodes = nodes;
        Input = input;
        Output = output;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The size of the file in bytes.</summary>
    public long Bytes { get; }

    /// <summary>The number of nodes in the graph.</summary>
    public int Nodes { get; }

    /// <summary>The input of the graph, <see cref="OnnxExporter.InputName"/>.</summary>
    internal OnnxTensor Input { get; }

    /// <summary>The output of the graph, <see cref="OnnxExporter.OutputName"/>.</summary>
    internal OnnxTensor Output { get; }
}
