using Sunet.Native.Backends.Cuda.Libraries;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>The engine configurations that one of cuDNN's heuristics gives for a graph, best first.</summary>
internal sealed class CudnnEngineList : IDisposable
{
    private readonly CudnnDescriptor?[] configurations;

    private CudnnEngineList(CudnnDescriptor[] configurations) => this.configurations = configurations;

    public int Count => configurations.Length;

    /// <summary>Asks a heuristic; the list is empty where it has nothing.</summary>
    public static CudnnEngineList Query(AlgorithmSearch search, CudnnDescriptor operationGraph, CudnnHeuristicMode mode)
    {
        using CudnnDescriptor heuristic = CudnnDescriptor.Create(CudnnDescriptorType.EngineHeuristic);
        heuristic.Set(CudnnAttribute.EngineHeuristicOperationGraph, operationGraph)
            .Set(CudnnAttribute.EngineHeuristicMode, CudnnAttributeType.HeuristicMode, mode);
        return new CudnnEngineList(search.Accepts($"cudnn heuristic {mode}", heuristic)
            ? heuristic.GetDescriptors(CudnnAttribute.EngineHeuristicResults, CudnnDescriptorType.EngineConfig)
            : []);
    }

    /// <summary>The engine of a configuration and what is to be known of it.</summary>
    public (long Engine, CudnnNotes Notes) Examine(int index)
    {
        using CudnnDescriptor engine = configurations[index]!.GetDescriptor(CudnnAttribute.EngineConfigEngine, CudnnDescriptorType.Engine);
        CudnnNotes notes = CudnnNotes.None;
        foreach (int note in engine.GetValues<int>(CudnnAttribute.EngineNumericalNote, CudnnAttributeType.NumericalNote))
            notes |= (CudnnNotes)(1 << note);
        if (engine.GetValues<int>(CudnnAttribute.EngineBehaviorNote, CudnnAttributeType.BehaviorNote)
            .Contains((int)CudnnBehaviorNote.RuntimeCompilation))
        {
            notes |= CudnnNotes.IsCompiledAtRunTime;
        }

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
