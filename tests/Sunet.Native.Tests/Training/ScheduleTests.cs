using Sunet.Native.Training;

namespace Sunet.Native.Tests.Training;

public sealed class ScheduleTests
{
    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 0.5)]
    [InlineData(99, 0.00024671981713420017)]
    [InlineData(100, 0)]
    public void Cosine_AtStep_IsThePapersFactor(long step, double expected) =>
        Assert.Equal(expected, new CosineSchedule(100).Factor(step), 1e-15);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(29, 1)]
    [InlineData(30, 0.1)]
    [InlineData(60, 0.01)]
    public void Step_AtStep_DropsAtWholeMultiples(long step, double expected) =>
        Assert.Equal(expected, new StepSchedule(30).Factor(step), 1e-15);

    [Theory]
    [InlineData(0, 1)]
    [InlineData(50, 0.5358867312681466)]
    [InlineData(100, 0)]
    public void Polynomial_AtStep_IsDeepLabs(long step, double expected) =>
        Assert.Equal(expected, new PolynomialSchedule(100).Factor(step), 1e-15);

    [Theory]
    [InlineData(0, 0.1)]
    [InlineData(5, 0.55)]
    [InlineData(10, 1)]
    public void WarmUp_AtStep_RisesToTheInnerSchedule(long step, double expected) =>
        Assert.Equal(expected, new WarmUpSchedule(10, new ConstantSchedule(), 0.1).Factor(step), 1e-15);
}
