using Sunet.Native.Backends.Cpu;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>A step that is not finite is refused: it says where, and leaves no trace.</summary>
public sealed class DivergenceTests : IDisposable
{
    private readonly CpuBackend backend = new(threads: 1);

    public void Dispose() => backend.Dispose();

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Step_InputNotFinite_NamesTheInputAndKeepsTheState(float planted)
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        trainer.Step();
        batches[1].Images[1234] = planted;
        string before = SmallModel.Hash(trainer);
        DivergedException failure = Assert.Throws<DivergedException>(() => trainer.Step());
        Assert.Equal(("image", 1L, 5), (failure.Tensor, failure.Step, failure.ExitCode));
        Assert.Contains("'image'", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, SmallModel.Hash(trainer));
        Assert.Equal(1, trainer.CompletedSteps);
    }

    [Fact]
    public void Step_AfterTheInputIsMended_GoesOnAsIfNothingHadHappened()
    {
        using FixedBatches sound = SmallModel.Batches(), mended = SmallModel.Batches();
        using Trainer expected = SmallModel.Trainer(sound, backend), trainer = SmallModel.Trainer(mended, backend);
        expected.Step();
        expected.Step();
        trainer.Step();
        float kept = mended[1].Images[1234];
        mended[1].Images[1234] = float.NaN;
        Assert.Throws<DivergedException>(() => trainer.Step());
        mended[1].Images[1234] = kept;
        trainer.Step();
        Assert.Equal(SmallModel.Hash(expected), SmallModel.Hash(trainer));
    }

    [Theory]
    [InlineData("features.conv1.weight", "features.conv1")]
    [InlineData("features.unet2_0.down.0.conv1.bias", "features.unet2_0.down.0.conv1")]
    [InlineData("features.unet3_0.up.1.deconv0.weight", "features.unet3_0.up.1.deconv0")]
    [InlineData("final.conv1.weight", "final.conv1")]
    public void Step_WeightNotFinite_NamesTheLayerItBelongsTo(string parameter, string layer)
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec);
        model.Write(parameter)[4] = float.NaN;
        using FixedBatches batches = SmallModel.Batches();
        using var trainer = new Trainer(model, batches, SmallModel.Options, backend);
        string before = SmallModel.Hash(trainer);
        Assert.Equal(layer, Assert.Throws<DivergedException>(() => trainer.Step()).Tensor);
        Assert.Equal(before, SmallModel.Hash(trainer));
    }

    [Fact]
    public void Step_HugeLearningRate_IsRefusedWithTheWeightsBeforeIt()
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(
            batches, backend, new TrainerOptions { Sgd = new SgdOptions { LearningRate = 1e15, WeightDecay = 0 } });
        string before = SmallModel.Hash(trainer);
        DivergedException? failure = null;
        for (int i = 0; i < 20 && failure is null; i++)
        {
            before = SmallModel.Hash(trainer);
            failure = Record.Exception(() => trainer.Step()) as DivergedException;
        }

        Assert.NotNull(failure);
        Assert.Equal(before, SmallModel.Hash(trainer));
        Assert.Equal(trainer.CompletedSteps, failure.Step);
        HashSet<string> tensors = [.. trainer.Plan.Graph.Ops.SelectMany(o => o.Outputs).Select(o => o.Name)];
        Assert.Contains(failure.Tensor, tensors);
        Assert.NotEqual(trainer.Plan.Graph.Ops.OfType<Native.Ops.SoftmaxCrossEntropy>().Single().Loss.Name, failure.Tensor);
    }

    [Fact]
    public void Step_SecondAccumulatedBatchNotFinite_KeepsTheStateAndItsStatistics()
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend, SmallModel.Options with { Accumulate = 2 });
        batches[1].Images[0] = float.NaN;
        string before = SmallModel.Hash(trainer);
        Assert.Throws<DivergedException>(() => trainer.Step());
        Assert.Equal(before, SmallModel.Hash(trainer));
        Assert.Equal(0, trainer.CompletedSteps);
    }

    [Fact]
    public void Step_LabelOutOfRange_NamesTheSampleAndKeepsTheState()
    {
        using FixedBatches batches = SmallModel.Batches();
        using Trainer trainer = SmallModel.Trainer(batches, backend);
        batches[0].Names[1] = "scene_17";
        batches[0].Labels[^1] = SmallModel.Spec.Classes;
        string before = SmallModel.Hash(trainer);
        DataException failure = Assert.Throws<DataException>(() => trainer.Step());
        Assert.Contains("'scene_17' has 5", failure.Message, StringComparison.Ordinal);
        Assert.Equal(before, SmallModel.Hash(trainer));
    }
}
