using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>What an engine's numbers are like: cuDNN's numerical notes, as far as they matter here.</summary>
[Flags]
internal enum CudnnNotes
{
    None = 0,
    UsesTensorCores = 1 << CudnnNumericalNote.TensorCore,
    DownConvertsInputs = 1 << CudnnNumericalNote.DownConvertInputs,
    Nondeterministic = 1 << CudnnNumericalNote.Nondeterministic,
}

/// <summary>The engine configurations that one of cuDNN's heuristics gives for a graph, best first.</summary>
internal sealed class CudnnEngineList : IDisposable
{
    private const int Category = 1000;

    private readonly CudnnDescriptor?[] configurations;

    private CudnnEngineList(CudnnDescriptor[] configurations) => this.configurations = configurations;

    public int Count => configurations.Length;

    /// <summary>Whether a result says that the library has nothing for what was asked, rather than that something went wrong.</summary>
    public static bool IsUnsupported(int result) => result / Category * Category == (int)CudnnResult.NotSupported;

    /// <summary>Asks a heuristic; the list is empty where it has nothing.</summary>
    /// <exception cref="BackendException">cuDNN failed.</exception>
    public static CudnnEngineList Query(CudnnDescriptor operationGraph, CudnnHeuristicMode mode, string layer)
    {
        using CudnnDescriptor heuristic = CudnnDescriptor.Create(CudnnDescriptorType.EngineHeuristic)
            .Set(CudnnAttribute.EngineHeuristicOperationGraph, operationGraph)
            .Set(CudnnAttribute.EngineHeuristicMode, CudnnAttributeType.HeuristicMode, mode);
        int result = heuristic.TryFinalize();
        if (IsUnsupported(result))
            return new CudnnEngineList([]);
        CudnnStatus.ThrowIfFailed(result, $"cudnnBackendFinalize(EngineHeuristic.{mode})", layer);
        return new CudnnEngineList(heuristic.GetDescriptors(CudnnAttribute.EngineHeuristicResults, CudnnDescriptorType.EngineConfig));
    }

    /// <summary>The engine of a configuration and what is to be known of it.</summary>
    public (long Engine, CudnnNotes Notes) Examine(int index)
    {
        using CudnnDescriptor engine = configurations[index]!.GetDescriptor(CudnnAttribute.EngineConfigEngine, CudnnDescriptorType.Engine);
        CudnnNotes notes = CudnnNotes.None;
        foreach (int note in engine.GetValues<int>(CudnnAttribute.EngineNumericalNote, CudnnAttributeType.NumericalNote))
            notes |= (CudnnNotes)(1 << note);
        return (engine.GetInt64(CudnnAttribute.EngineGlobalIndex), notes);
    }

    /// <summary>A configuration, to look at.</summary>
    public CudnnDescriptor this[int index] => configurations[index]!;

    /// <summary>Hands a configuration over to the caller, who disposes it.</summary>
    public CudnnDescriptor Take(int index)
    {
        CudnnDescriptor taken = configurations[index]!;
        configurations[index] = null;
        return taken;
    }

    public void Dispose()
    {
        foreach (CudnnDescriptor? configuration in configurations)
            configuration?.Dispose();
    }
}
