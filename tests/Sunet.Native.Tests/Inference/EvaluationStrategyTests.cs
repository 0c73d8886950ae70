using Sunet.Native.Inference;

namespace Sunet.Native.Tests.Inference;

public sealed class EvaluationStrategyTests
{
    [Fact]
    public void Paper_Rows_AreThoseOfTheTable()
    {
        Assert.Equal(["single", "flip", "multi", "multi+flip", "os8+multi+flip", "multi+flip+crops", "multi+flip+published"],
            EvaluationStrategy.Paper.Select(s => s.Name));
        EvaluationStrategy strided = EvaluationStrategy.Paper[4], published = EvaluationStrategy.Paper[^1];
        Assert.Equal((8, true, 4), (strided.OutputStride, strided.Options.Flip, strided.Options.Scales.Count));
        Assert.Equal((512, 512, 2.0 / 3), (published.Options.CropSize, published.Options.CropBase, published.Options.CropStride));
        Assert.Equal([0.5, 0.75, 1, 1.25, 1.5, 1.75, 2, 2.25, 2.5], EvaluationStrategy.Cityscapes[^1].Options.Scales);
    }

    [Fact]
    public void ParseList_Names_KeepWhatTheyDoNotSay()
    {
        var basis = new PredictorOptions { TileSize = 640, Flip = true, Scales = [2], Concurrency = 3 };
        EvaluationStrategy single = Assert.Single(EvaluationStrategy.ParseList("single", basis));
        Assert.Equal(
            (640, 3, false, 1.0), (single.Options.TileSize, single.Options.Concurrency, single.Options.Flip, single.Options.Scales[0]));
    }

    [Theory]
    [InlineData("double")]
    [InlineData("")]
    [InlineData("single+multi")]
    [InlineData("os8+os16")]
    [InlineData("crops+published")]
    [InlineData("flip+flip")]
    [InlineData("single,single")]
    [InlineData("single,,multi")]
    public void ParseList_UnknownOrContradictory_IsRefused(string list) =>
        Assert.Throws<ConfigurationException>(() => EvaluationStrategy.ParseList(list, new PredictorOptions()));
}
