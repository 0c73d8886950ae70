namespace Sunet.Onnx.Format;

/// <summary>A node before it is written.</summary>
/// <param name="Type">The operator.</param>
/// <param name="Name">The node's name, unique in its graph.</param>
/// <param name="Inputs">The tensors it reads.</param>
/// <param name="Output">The tensor it writes.</param>
/// <param name="Attributes">Its attributes.</param>
internal sealed record OnnxNode(
    string Type, string Name, IReadOnlyList<string> Inputs, string Output, IReadOnlyList<ProtobufMessage> Attributes);
