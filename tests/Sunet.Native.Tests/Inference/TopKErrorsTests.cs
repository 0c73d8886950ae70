using Sunet.Native.Inference;

namespace Sunet.Native.Tests.Inference;

public sealed class TopKErrorsTests
{
    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 1, 0)]
    [InlineData(4, 1, 0)]
    [InlineData(5, 1, 1)]
    [InlineData(6, 1, 1)]
    public void Add_LabelAtARank_CountsWhatItMisses(int rank, int top1, int top5)
    {
        // Scores fall from class 6 to class 0.
        var errors = new TopKErrors(7);
        errors.Add([1, 2, 3, 4, 5, 6, 7], 6 - rank);
        Assert.Equal((1L, top1, top5), (errors.Images, errors.Top1Wrong, errors.Top5Wrong));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(4, 1, 0)]
    [InlineData(5, 1, 1)]
    public void Add_EqualScores_RankByIndex(int label, int top1, int top5)
    {
        var errors = new TopKErrors(6);
        errors.Add(new float[6], label);
        Assert.Equal((top1, top5), (errors.Top1Wrong, errors.Top5Wrong));
    }

    [Fact]
    public void Add_ScoreOfNoNumber_IsNeverRight()
    {
        var errors = new TopKErrors(3);
        errors.Add([float.NaN, 1, 2], 0);
        errors.Add([float.NaN, 1, 2], 2);
        errors.Add([float.NaN, float.NaN, float.NaN], 0);
        Assert.Equal((3L, 3, 2), (errors.Images, errors.Top1Wrong, errors.Top5Wrong));
    }

    [Fact]
    public void Errors_OfSeveralImages_AreShares()
    {
        var errors = new TopKErrors(6);
        Assert.True(double.IsNaN(errors.Top1Error));
        for (int label = 0; label < 4; label++)
            errors.Add([9, 8, 7, 6, 5, 4], label);
        Assert.Equal((0.75, 0.0), (errors.Top1Error, errors.Top5Error));
        errors.Add([9, 8, 7, 6, 5, 4], 5);
        Assert.Equal((0.8, 0.2), (errors.Top1Error, errors.Top5Error));
    }

    [Fact]
    public void Add_WrongSizeOrLabel_CountsNothing()
    {
        var errors = new TopKErrors(3);
        Assert.Throws<ArgumentException>(() => errors.Add([1, 2], 0));
        Assert.Throws<ArgumentException>(() => errors.Add([1, 2, 3], 3));
        Assert.Throws<ArgumentException>(() => errors.Add([1, 2, 3], -1));
        Assert.Equal(0, errors.Images);
    }
}
