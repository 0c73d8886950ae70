namespace Sunet.Onnx.Format;

/// <summary>An input or output of an ONNX graph, float32.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Dimensions">Its dimensions, outermost first: numbers, or names of those that a run is free to choose.</param>
/// <param name="Description">What it holds.</param>
internal sealed record OnnxTensor(string Name, IReadOnlyList<string> Dimensions, string Description)
{
    /// <inheritdoc/>
    public override string ToString() => $"{Name} float32 [{string.Join(", ", Dimensions)}]";
}
