using Sunet.Native.Backends.Cuda.Driver;
using Sunet.Native.Backends.Cuda.Memory;
using Sunet.Native.Backends.Cuda.Running;
using Sunet.Native.Interop.Cuda;

namespace Sunet.Native.Backends.Cuda.Algorithms;

/// <summary>Times the candidates for a problem on memory of its own, which it gives back when disposed.</summary>
internal sealed class AlgorithmTuning : IDisposable
{
    /// <summary>More candidates than this are rarely worth their time: a heuristic lists them from best to worst.</summary>
    private const int MaximumCandidates = 12;

    private const int Runs = 5;

    /// <summary>Repeated, this byte is a small number both as float32 and as bf16: no arithmetic takes a slow or a short path.</summary>
    private const byte SmallNumber = 0x3C;

    private readonly AlgorithmSearch search;
    private readonly CudaRun run;
    private readonly List<DeviceBlock> blocks = [];
    private readonly nint[] operands;

    private AlgorithmTuning(int operandCount, AlgorithmSearch search)
    {
        this.search = search;
        run = search.Run;
        operands = new nint[operandCount];
    }

    /// <summary>Allocates operands; null where the device has not enough free memory to time anything without crowding the plan.</summary>
    /// <param name="sizes">The bytes of each operand of the problem; 0 for those it does not have.</param>
    /// <param name="search">The search that the candidates come from.</param>
    public static AlgorithmTuning? Create(long[] sizes, AlgorithmSearch search)
    {
        if (sizes.Sum() > search.Run.Device.FreeBytes() / 2)
            return null;
        var tuning = new AlgorithmTuning(sizes.Length, search);
        try
        {
            for (int i = 0; i < sizes.Length; i++)
            {
                if (sizes[i] > 0)
                    tuning.operands[i] = tuning.Allocate(sizes[i]);
            }

            return tuning;
        }
        catch (MemoryException)
        {
            tuning.Dispose();
            return null;
        }
        catch
        {
            tuning.Dispose();
            throw;
        }
    }

    /// <summary>The fastest of all candidates that work, by the median of several runs; null if none does.</summary>
    public (string Identity, CudaAlgorithm Algorithm)? Fastest(IEnumerable<CudaCandidate> candidates)
    {
        (string Identity, CudaAlgorithm Algorithm)? best = null;
        float bestTime = float.PositiveInfinity;
        int tried = 0;
        try
        {
            foreach (CudaCandidate candidate in candidates)
            {
                if (tried == MaximumCandidates)
                    break;
                if (candidate.Build() is not { } algorithm)
                    continue;
                tried++;
                float time = MeasureOrDispose(algorithm, candidate.Identity);
                if (time < bestTime)
                {
                    best?.Algorithm.Dispose();
                    best = (candidate.Identity, algorithm);
                    bestTime = time;
                }
                else
                {
                    algorithm.Dispose();
                }
            }

            return best;
        }
        catch
        {
            best?.Algorithm.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (DeviceBlock block in blocks)
            run.Pool.Free(block, run.Stream);
        blocks.Clear();
    }

    private nint Allocate(long bytes)
    {
        DeviceBlock block = run.Pool.Allocate(bytes, run.Stream);
        blocks.Add(block);
        run.Stream.Fill(block.Address, SmallNumber, bytes, search.Layer);
        return block.Address;
    }

    /// <summary>Milliseconds of a run; infinite for an engine that refuses only when it runs, or for which memory is short.</summary>
    private float MeasureOrDispose(CudaAlgorithm algorithm, string identity)
    {
        try
        {
            return Measure(algorithm);
        }
        catch (SunetException e) when (e is MemoryException || (e is BackendException b && b.Library == CudaLibrary.CuDnn.File))
        {
            search.Refused(identity, e.Message);
            return float.PositiveInfinity;
        }
        catch
        {
            algorithm.Dispose();
            throw;
        }
    }

    private float Measure(CudaAlgorithm algorithm)
    {
        CudaStream stream = run.Stream;
        DeviceBlock? workspace = algorithm.WorkspaceBytes > 0 ? run.Pool.Allocate(algorithm.WorkspaceBytes, stream) : null;
        try
        {
            using CudaBoundAlgorithm call = algorithm.Bind(run, operands, workspace?.Address ?? 0, search.Layer);
            using CudaEvent start = CudaEvent.Create(run.Device, timing: true);
            using CudaEvent end = CudaEvent.Create(run.Device, timing: true);
            call.Run();
            var times = new float[Runs];
            for (int i = 0; i < Runs; i++)
            {
                start.Record(stream);
                call.Run();
                end.Record(stream);
                end.Synchronize();
                times[i] = end.MillisecondsSince(start);
            }

            Array.Sort(times);
            return times[Runs / 2];
        }
        finally
        {
            if (workspace is not null)
                run.Pool.Free(workspace, stream);
        }
    }
}
