using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests;

/// <summary>The plan of the house: which rooms there are, and on which floor each stands.</summary>
/// <remarks>
/// Floors are listed from the bottom up. A room uses only rooms on floors below its own: rooms on one line are peers, and peers do not
/// use each other. A room is a namespace without the project's name in front; the empty name is the project's own namespace.
/// </remarks>
internal static class Rooms
{
    /// <summary>The projects under src/, from the bottom up.</summary>
    public static readonly Floors Projects = new("src",
    [
        ["Sunet.Native"],
        ["Sunet.Data", "Sunet.Onnx", "Sunet.Verification"],
        ["Sunet.Cli"],
    ]);

    /// <summary>The rooms of every project.</summary>
    public static readonly Floors[] All =
    [
        new("Sunet.Native",
        [
            [""],
            ["Tensors", "Files", "Interop.System"],
            ["Interop.Loading"],
            ["Interop.Cpu", "Interop.Cuda"],
            ["Graphs"],
            ["Ops"],
            ["Compilation.Memory", "Compilation.Passes"],
            ["Compilation"],
            ["Checkpoints.PyTorch"],
            ["Checkpoints"],
            ["Models"],
            ["Models.Saved"],
            ["Backends.Shared"],
            ["Backends.Cpu", "Backends.Cuda.Driver"],
            ["Backends.Cuda.Memory"],
            ["Backends.Cuda.Libraries"],
            ["Backends.Cuda.Layout"],
            ["Backends.Cuda.Kernels"],
            ["Backends.Cuda.Algorithms"],
            ["Backends.Cuda.Ops"],
            ["Backends.Cuda.Steps"],
            ["Backends.Cuda"],
            ["Measuring"],
            ["Training", "Inference"],
        ]),
    ];
}
