using Sunet.Native.Tensors;
using Sunet.Verification.Reference;

namespace Sunet.Native.Tests.Golden;

public class FillTests
{
    [Fact]
    public void Unit_KnownName_GivesTheOraclesNumbers() => Assert.Equal(
        (double[])[0.7021905183792114, 0.3221888542175293, 0.12290364503860474, 0.9057782292366028], Fill.Unit("A/input", 4));

    [Fact]
    public void Labels_WithIgnore_ReplacesATwentieth()
    {
        int[] labels = Fill.Labels("A", 20_000, classes: 21, ignore: true);
        Assert.InRange(labels.Count(l => l == 255), 900, 1100);
        Assert.Equal(Enumerable.Range(0, 21), labels.Where(l => l != 255).Distinct().Order());
    }

    [Fact]
    public void Parameter_TransposedConvolution_TakesItsFanInFromTheFirstDimension()
    {
        var shape = new Shape(4, 16, 3, 3);
        float transposed = Fill.Parameter("A", "up.1.deconv0.weight", shape, isBatchNorm: false).Max();
        float ordinary = Fill.Parameter("A", "up.1.deconv1.weight", shape, isBatchNorm: false).Max();
        Assert.InRange(transposed / ordinary, 1.9, 2.1);
    }
}
