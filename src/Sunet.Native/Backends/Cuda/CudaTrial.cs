using Sunet.Native.Interop;

namespace Sunet.Native.Backends.Cuda;

/// <summary>Times the candidates for a problem on memory of its own, which it gives back when disposed.</summary>
internal sealed class CudaTrial : IDisposable
{
    /// <summary>More candidates than this are rarely worth their time: a heuristic lists them from best to worst.</summary>
    private const int MaximumCandidates = 12;

    private const int Runs = 5;

    /// <summary>As float32 and as bf16 this byte, repeated, is a small number: data on which no arithmetic takes a slow or a short path.</summary>
    private const byte SmallNumber = 0x3C;

    private readonly CudaAlgorithms algorithms;
    private readonly CudaProblem problem;
    private readonly string layer;
    private readonly List<DeviceBlock> blocks = [];
    private readonly nint[] operands;

    private CudaTrial(CudaAlgorithms algorithms, CudaProblem problem, string layer)
    {
        this.algorithms = algorithms;
        this.problem = problem;
        this.layer = layer;
        operands = new nint[problem.OperandBytes.Length];
    }

    /// <summary>Null where the device has not enough free memory to time anything without crowding the plan itself.</summary>
    public static CudaTrial? Create(CudaAlgorithms algorithms, CudaProblem problem, string layer)
    {
        long[] sizes = problem.OperandBytes;
        if (sizes.Sum() + algorithms.Options.WorkspaceLimitBytes > algorithms.Device.FreeBytes() / 2)
            return null;
        var trial = new CudaTrial(algorithms, problem, layer);
        try
        {
            for (int i = 0; i < sizes.Length; i++)
            {
                if (sizes[i] > 0)
                    trial.operands[i] = trial.Allocate(sizes[i]);
            }

            return trial;
        }
        catch (MemoryException)
        {
            trial.Dispose();
            return null;
        }
        catch
        {
            trial.Dispose();
            throw;
        }
    }

    /// <summary>The fastest of all candidates that work, by the median of several runs; null if none does.</summary>
    public (string Identity, CudaAlgorithm Algorithm)? Fastest()
    {
        (string Identity, CudaAlgorithm Algorithm)? best = null;
        float bestTime = float.PositiveInfinity;
        int tried = 0;
        try
        {
            foreach (CudaCandidate candidate in problem.Candidates(algorithms, layer))
            {
                if ((candidate.IsLastResort && best is not null) || tried == MaximumCandidates)
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
            algorithms.Device.Pool.Free(block, algorithms.Stream);
        blocks.Clear();
    }

    private nint Allocate(long bytes)
    {
        DeviceBlock block = algorithms.Device.Pool.Allocate(bytes, algorithms.Stream);
        blocks.Add(block);
        CudaStatus.ThrowIfFailed(
            CudaDriver.Fill8Async(block.Address, SmallNumber, (nuint)bytes, algorithms.Stream.Raw), "cuMemsetD8Async", layer);
        return block.Address;
    }

    /// <summary>Milliseconds of a run; infinite for an engine that refuses only when it runs or for which memory is short.</summary>
    private float MeasureOrDispose(CudaAlgorithm algorithm, string identity)
    {
        try
        {
            return Measure(algorithm);
        }
        catch (SunetException e) when (e is BackendException { Code: var code } ? CudnnEngineList.IsUnsupported(code) : e is MemoryException)
        {
            algorithms.Refused(identity, e.Message);
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
        CudaStream stream = algorithms.Stream;
        DeviceBlock? workspace = algorithm.WorkspaceBytes > 0 ? algorithms.Device.Pool.Allocate(algorithm.WorkspaceBytes, stream) : null;
        try
        {
            using CudaBoundCall call = algorithm.Bind(operands, workspace?.Address ?? 0, layer);
            using CudaEvent start = CudaEvent.Create(algorithms.Device, timing: true);
            using CudaEvent end = CudaEvent.Create(algorithms.Device, timing: true);
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
                algorithms.Device.Pool.Free(workspace, stream);
        }
    }
}
