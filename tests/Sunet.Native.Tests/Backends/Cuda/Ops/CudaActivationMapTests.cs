using Sunet.Native.Backends.Cuda;
using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Tests.Inference;

namespace Sunet.Native.Tests.Backends.Cuda.Ops;

/// <summary>The emulated GPU keeps the same levels as the CPU, though it joins and slices by lying values within others.</summary>
public sealed class CudaActivationMapTests : EmulatorTest
{
    [Fact]
    public void Compute_OnTheGpu_IsTheStrongestChannelOfTheUnfusedNetwork()
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 5);
        Rgb[,] image = ActivationMapperTests.TestImage(41, 56);
        using var backend = new CudaBackend();
        using var mapper = new ActivationMapper(model, backend);
        ActivationMapperTests.AssertMatchesReference(model, image, mapper.Compute(image), tolerance: 1e-4);
    }
}
