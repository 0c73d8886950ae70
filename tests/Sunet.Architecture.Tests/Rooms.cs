using Sunet.Architecture.Tests.Model;

namespace Sunet.Architecture.Tests;

/// <summary>The plan of the house: which rooms there are, and on which floor each stands.</summary>
/// <remarks>
/// Floors are listed from the bottom up. A room uses only rooms on floors below its own: rooms on one line are peers, and peers do not
/// use each other. A room is a namespace without the project's name in front; the empty name is the project's own namespace.
/// </remarks>
internal static class Rooms
{
    /// <summary>The most files that may use each other in a circle.</summary>
    public const int LargestCircle = 3;

    /// <summary>The projects under src/, from the bottom up.</summary>
    public static readonly Floors Projects = new("src",
    [
        ["Sunet.Native"],
        ["Sunet.Data", "Sunet.Native.Hosting", "Sunet.Onnx", "Sunet.Verification"],
        ["Sunet.Cli"],
    ]);

    /// <summary>The rooms of every project, from the bottom up.</summary>
    public static readonly Floors[] All =
    [
        new("Sunet.Native",
        [
            [""],
            ["Tensors", "Interop.Host"],
            ["Files", "Interop.Loading"],
            ["Interop.Cpu", "Interop.Cuda"],
            ["Telemetry"],
            ["Graphs", "Checkpoints"],
            ["Ops", "Checkpoints.PyTorch"],
            ["Backends"],
            ["Compilation.Memory", "Compilation.Passes"],
            ["Compilation"],
            ["Models.Networks"],
            ["Models.Saved"],
            ["Models"],
            ["Backends.Shared"],
            ["Backends.Cpu.Memory", "Backends.Cpu.Threads", "Backends.Cpu.Layout"],
            ["Backends.Cpu.Running"],
            ["Backends.Cpu.Ops", "Backends.Cpu.Steps"],
            ["Backends.Cpu", "Backends.Cuda.Driver"],
            ["Backends.Cuda.Memory"],
            ["Backends.Cuda.Libraries"],
            ["Backends.Cuda.Layout"],
            ["Backends.Cuda.Kernels"],
            ["Backends.Cuda.Running"],
            ["Backends.Cuda.Algorithms"],
            ["Backends.Cuda.Ops"],
            ["Backends.Cuda.Steps"],
            ["Backends.Cuda"],
            ["Measuring"],
            ["Inference.Streams"],
            ["Training", "Inference"],
        ]),
        new("Sunet.Data",
        [
            ["Images", "Randomness"],
            ["Augmentation", "Matlab", "Reporting"],
            ["Datasets.Labels"],
            ["Datasets"],
            ["Datasets.Layouts"],
            ["Datasets.Coco"],
            ["Datasets.Reading"],
            ["Datasets.Checking", "Loading"],
            ["Conversion"],
            ["Synthetic"],
        ]),
        new("Sunet.Native.Hosting",
        [
            [""],
        ]),
        new("Sunet.Onnx",
        [
            ["Format"],
            ["Translation"],
            [""],
        ]),
        new("Sunet.Verification",
        [
            ["Reference"],
            ["Golden"],
            [""],
        ]),
        new("Sunet.Cli",
        [
            ["Output"],
            ["Settings"],
            ["Runs"],
            ["Runs.Streaming"],
            ["Runs.Files", "Runs.Measuring", "Runs.Timing", "Runs.Reporting.Scores"],
            ["Runs.Reporting.Contents"],
            ["Runs.Reporting.Pages"],
            ["Runs.Reporting"],
            ["Runs.Installation", "Runs.Training"],
            ["Runs.Prediction"],
            ["Commands"],
            [""],
        ]),
    ];

    /// <summary>The rooms that know no device: a room below one of these is one of them, too.</summary>
    public static readonly string[] WithoutDevices = ["Graphs", "Ops", "Compilation", "Models", "Training", "Inference"];

    /// <summary>The rooms that know devices and their libraries, with those below them.</summary>
    public static readonly string[] WithDevices = ["Interop", "Backends.Shared", "Backends.Cpu", "Backends.Cuda"];

    /// <summary>
    /// The circles of more files that belong to the matter. An op has values, a value has the op that makes it, both live in a graph,
    /// and the derivative of a graph is a graph. A circle that gains or loses a file fails until it is listed so.
    /// </summary>
    public static readonly InherentCircle[] InherentCircles =
    [
        new("Sunet.Native", "Graphs",
            "Graphs/Differentiator.cs",
            "Graphs/Graph.cs",
            "Graphs/Op.cs",
            "Graphs/OpInput.cs",
            "Graphs/Value.cs",
            "Graphs/ZeroGradient.cs"),
    ];
}
