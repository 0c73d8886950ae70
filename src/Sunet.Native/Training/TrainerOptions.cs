using Sunet.Native.Ops;

namespace Sunet.Native.Training;

/// <summary>How a model is trained; the defaults are the paper's for segmentation (section 7.2).</summary>
public sealed record TrainerOptions
{
    /// <summary>The optimizer.</summary>
    public SgdOptions Sgd { get; init; } = new();

    /// <summary>The learning rate over the run.</summary>
    public LearningRateSchedule Schedule { get; init; } = new ConstantSchedule();

    /// <summary>PyTorch's momentum of the running statistics; 0.01 is the paper's decay of 0.99.</summary>
    public float BatchNormMomentum { get; init; } = 0.01f;

    /// <summary>Whether running statistics are used in training and kept as they are.</summary>
    public bool FrozenBatchNorm { get; init; }

    /// <summary>Batches whose gradients are averaged for one update.</summary>
    public int Accumulate { get; init; } = 1;

    /// <summary>
    /// The decay of an exponential moving average of weights and running statistics, such as 0.999; 0 keeps none. After update t, counted
    /// from 0, an average a of weights w becomes d a + (1 - d) w, where d is this decay or (1 + t) / (10 + t) if that is less, so that the
    /// first weights are soon forgotten. <see cref="Trainer.CopyAverageTo"/> reads it.
    /// </summary>
    public double AverageDecay { get; init; }

    /// <summary>What is minimised; by default the plain mean cross-entropy.</summary>
    public LossOptions Loss { get; init; } = new();

    /// <summary>
    /// The largest Euclidean norm of all gradients together; larger ones are scaled down to it before weight decay and momentum, as
    /// PyTorch's <c>clip_grad_norm_</c> does. 0 sets no limit.
    /// </summary>
    public float MaxGradientNorm { get; init; }

    /// <summary>The label that takes no part in the loss. A classifier has none.</summary>
    public int IgnoreLabel { get; init; } = SoftmaxCrossEntropy.DefaultIgnoreLabel;

    /// <summary>A training plan that needs more bytes is refused before anything is allocated.</summary>
    public long MemoryLimit { get; init; } = long.MaxValue;
}
