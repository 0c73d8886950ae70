using Sunet.Native.Inference;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;
using Sunet.Native.Tests.Facade;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Models;

/// <summary>Sizes that no memory holds are refused where they are made, so that nothing that is computed of them overflows.</summary>
public sealed class ShapeTests
{
    private const int Largest = int.MaxValue;

    [Theory]
    [InlineData(1, 3, 32, Largest)]
    [InlineData(Largest, 3, 64, 64)]
    [InlineData(1, 3, 1 << 25, 1 << 25)]
    [InlineData(Largest, Largest, Largest, Largest)] // which comes to 1 in 64 bits
    public void Shape_MoreThanAnyMemoryHolds_IsRefused(int batch, int channels, int height, int width)
    {
        string message = Assert.Throws<MemoryException>(() => new Shape(batch, channels, height, width)).Message;
        Assert.Contains($"[{batch}, {channels}, {height}, {width}]", message, StringComparison.Ordinal);
    }

    [Fact]
    public void ArrayLength_LargestArray_IsTheLastThatThereIs()
    {
        Assert.Equal(Array.MaxLength, new Shape(Array.MaxLength / 2, 2).ArrayLength + (Array.MaxLength % 2));
        Assert.Equal(3L << 30, new Shape(3, 1 << 15, 1 << 15).Count);
        Assert.Throws<MemoryException>(() => new Shape(3, 1 << 15, 1 << 15).ArrayLength);
    }

    [Fact]
    public void TrainingBatch_MoreThanAnArrayHolds_IsRefused() =>
        Assert.Throws<MemoryException>(() => new TrainingBatch(new Shape(1, 3, 1 << 15, 1 << 15), 1));

    [Fact]
    public void Create_WidestModel_IsRefusedBeforeItsWeightsHaveMemory()
    {
        SunetSpec wide = SmallModel.Spec with { Config = SmallModel.Spec.Config with { Filters = 65_536 } };
        Assert.Throws<MemoryException>(() => SunetModel.Create(wide));
    }

    [Fact]
    public void Scaled_LongImageOfALargeBase_DoesNotTurnNegative()
    {
        (int height, int width) = CropAverage.Scaled(1, 1 << 20, scale: 8, baseSize: 65_535);
        Assert.Equal((524_280, Largest), (height, width));
        Assert.Throws<MemoryException>(() => CropAverage.Cut((height, width), new PredictorOptions { CropSize = 64 }));
    }
}
