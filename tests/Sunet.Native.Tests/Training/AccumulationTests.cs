using Sunet.Native.Backends.Cpu;

namespace Sunet.Native.Tests.Training;

/// <summary>Updates over several batches on the CPU.</summary>
[Trait("Processors", "all")]
public sealed class AccumulationTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void Step_OverSeveralBatches_IsThatOfOneLargeBatch(int accumulate)
    {
        using var backend = new CpuBackend(threads: 2);
        AccumulatedSteps.AreStepsOfOneLargeBatch(backend, accumulate);
    }
}
