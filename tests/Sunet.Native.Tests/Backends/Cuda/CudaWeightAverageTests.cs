using Sunet.Native.Backends;
using Sunet.Native.Backends.Cuda;
using Sunet.Native.Tests.Emulation;
using Sunet.Native.Tests.Training;

namespace Sunet.Native.Tests.Backends.Cuda;

/// <summary>Averages of weights and running statistics on the emulated GPU, within captured graphs and without.</summary>
public sealed class CudaWeightAverageTests : EmulatorTest
{
    [Theory]
    [InlineData(Precision.Float32, 1, true)]
    [InlineData(Precision.Float32, 2, true)]
    [InlineData(Precision.Bf16, 1, true)]
    [InlineData(Precision.Float32, 1, false)]
    public void Step_WithAnAverage_FollowsTheRecursion(Precision precision, int accumulate, bool graphs)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Precision = precision, UseGraphs = graphs, Deterministic = true });
        AveragedSteps.FollowTheRecursion(backend, accumulate);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Resume_WithAnAverage_EndsInTheSameBits(int accumulate)
    {
        using var backend = new CudaBackend(0, new CudaOptions { Deterministic = true });
        AveragedSteps.ResumeToTheBit(backend, accumulate);
    }

    [Fact]
    public void Step_ThatIsRefused_MovesNoAverage()
    {
        using var backend = new CudaBackend(0, new CudaOptions { Deterministic = true });
        AveragedSteps.KeepTheAverageOfARefusedStep(backend, accumulate: 1);
    }
}
