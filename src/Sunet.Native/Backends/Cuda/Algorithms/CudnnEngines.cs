using System.Globalization;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>What cuDNN's heuristics propose for a graph, in their order, without what the options rule out.</summary>
internal static class CudnnEngines
{
    private static readonly CudnnHeuristicMode[] Modes = [CudnnHeuristicMode.A, CudnnHeuristicMode.Fallback];

    /// <param name="search">Whose options count.</param>
    /// <param name="graph">With all its operations; not disposed before the last candidate is built.</param>
    /// <param name="form">What to call such candidates.</param>
    /// <param name="multipliesFloat32">Whether rounding of the factors to TF32 is at issue.</param>
    public static IEnumerable<CudaCandidate> Propose(AlgorithmSearch search, CudnnGraph graph, string form, bool multipliesFloat32)
    {
        if (graph.Finish(search, $"cudnn {form}graph") is not { } operationGraph)
            yield break;
        foreach (CudnnHeuristicMode mode in Modes)
        {
            using CudnnEngineList engines = CudnnEngineList.Query(search, operationGraph, mode);
            for (int i = 0; i < engines.Count; i++)
            {
                int index = i;
                (long engine, CudnnNotes notes) = engines.Examine(index);
                string name = string.Create(CultureInfo.InvariantCulture, $"cudnn {form}engine {engine}");
                if (Refusal(notes, search, multipliesFloat32) is { } reason)
                    search.Refused(name, reason);
                else
                    yield return new CudaCandidate($"{name} {mode} {index}", () => CudnnPlan.Build(search, graph, engines, index, name));
            }
        }
    }

    /// <summary>
    /// Why an engine may not be used. Engines that round float32 to half precision never may: gradients leave its range. Those that use
    /// tensor cores for float32 round to TF32.
    /// </summary>
    private static string? Refusal(CudnnNotes notes, AlgorithmSearch search, bool multipliesFloat32)
    {
        CudaSettings settings = search.Run.Settings;
        if (search.PrecompiledOnly && notes.HasFlag(CudnnNotes.IsCompiledAtRunTime))
            return "is compiled at run time";
        if (settings.Deterministic && notes.HasFlag(CudnnNotes.Nondeterministic))
            return "is not deterministic";
        if (multipliesFloat32 && notes.HasFlag(CudnnNotes.DownConvertsInputs))
            return "rounds its inputs";
        return multipliesFloat32 && !settings.AllowTf32 && notes.HasFlag(CudnnNotes.UsesTensorCores) ? "rounds its inputs to TF32" : null;
    }
}
