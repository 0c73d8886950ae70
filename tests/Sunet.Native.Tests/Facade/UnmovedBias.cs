using Sunet.Native.Backends;
using Sunet.Native.Graphs;
using Sunet.Native.Models;
using Sunet.Native.Training;

namespace Sunet.Native.Tests.Facade;

/// <summary>A bias ahead of a batch-norm in a training: its gradient is zero, and the optimizer treats it as one.</summary>
internal static class UnmovedBias
{
    private const string Name = "features.unet2_0.down.0.conv1.bias";
    private const double Rate = 0.05;
    private const float Momentum = 0.9f, Decay = 1e-2f;

    /// <summary>Trains a few steps and holds the bias against the update rule in float64 with a gradient of zero.</summary>
    public static void FollowsTheUpdateRule(IBackend backend, int accumulate)
    {
        SunetModel model = SunetModel.Create(SmallModel.Spec, seed: 3);
        model.Write(Name).Fill(0.75f);
        var options = new TrainerOptions
        {
            Sgd = new SgdOptions { LearningRate = Rate, Momentum = Momentum, WeightDecay = Decay }, Accumulate = accumulate,
        };
        using FixedBatches batches = SmallModel.Batches();
        using var trainer = new Trainer(model, batches, options, backend);
        Value parameter = trainer.Plan.Graph.Parameters.Single(p => p.Name == Name);
        Value gradient = trainer.Plan.Graph.Ops.OfType<ZeroGradient>().Select(o => o.Output).Single(o => o.GradientOf == parameter);
        var found = new float[parameter.Shape.Count];
        double expected = 0.75, velocity = 0;
        for (int step = 0; step < 4; step++)
        {
            trainer.Step();
            velocity = (Momentum * velocity) + (Decay * expected);
            expected -= Rate * velocity;
            trainer.Plan.Read(gradient, found);
            Assert.All(found, g => Assert.Equal(0, g));
            trainer.Plan.Read(parameter, found);
            Assert.All(found, b => Assert.Equal(expected, b, 1e-6));
            trainer.ReleaseWorkingMemory();
        }

        Assert.True(expected < 0.7485, "the decay acted");
    }
}
