namespace Sunet.Data.Randomness;

/// <summary>What random numbers are for. The values take part in every seeded result: never renumber them.</summary>
internal enum PhiloxStream : uint
{
    /// <summary>The order of an epoch; the place is the epoch.</summary>
    EpochOrder = 1,

    /// <summary>The augmentation of a sample; the place is the sample's number since the beginning of training.</summary>
    Augmentation = 2,

    /// <summary>A synthetic scene; the place is the scene's number.</summary>
    Scene = 3,

    /// <summary>The noise of a synthetic scene; the place is the scene's number.</summary>
    SceneNoise = 4,
}
