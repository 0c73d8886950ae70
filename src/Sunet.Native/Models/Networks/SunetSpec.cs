using Sunet.Native.Ops;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models.Networks;

/// <summary>The kind of layers that follow the body.</summary>
public enum SunetHead
{
    /// <summary>Global average pooling and a linear layer: one label an image (section 4).</summary>
    Classifier,

    /// <summary>A 1x1 convolution and bilinear up-sampling: one label a pixel (section 5).</summary>
    Segmenter,
}

/// <summary>Everything that fixes a network: body, head, classes, and how the body is dilated for segmentation.</summary>
public sealed record SunetSpec
{
    /// <summary>The body.</summary>
    public required SunetConfig Config { get; init; }

    /// <summary>The head.</summary>
    public required SunetHead Head { get; init; }

    /// <summary>How many classes there are, 1 to 65,535; at most 255 for a segmenter, since 255 is the ignored label.</summary>
    public required int Classes { get; init; }

    /// <summary>Input size over feature size: 32, 16 or 8. A classifier's is 32.</summary>
    public int OutputStride { get; init; } = 32;

    /// <summary>
    /// Whether dilated modules double their dilation convolution by convolution and drop their strides (Figure 2, Table 4); otherwise they
    /// keep their strides and dilate by one rate.
    /// </summary>
    public bool Multigrid { get; init; } = true;

    /// <summary>Whether two more 3x3 convolutions before the last remove gridding artefacts.</summary>
    public bool Degrid { get; init; }

    /// <summary>The classes' names, in order; empty if unknown.</summary>
    public IReadOnlyList<string> ClassNames { get; init; } = [];

    /// <summary>How pixels become input.</summary>
    public ImageNormalization Normalization { get; init; } = ImageNormalization.ImageNet;

    /// <summary>A segmenter of a published body.</summary>
    /// <exception cref="ConfigurationException">There is no such model, or a number is out of range.</exception>
    public static SunetSpec Segmenter(string model, int classes, int outputStride = 16) =>
        new SunetSpec { Config = SunetConfig.ByName(model), Head = SunetHead.Segmenter, Classes = classes, OutputStride = outputStride }
            .Validated();

    /// <summary>A classifier of a published body.</summary>
    /// <exception cref="ConfigurationException">There is no such model, or a number is out of range.</exception>
    public static SunetSpec Classifier(string model, int classes = 1000) =>
        new SunetSpec { Config = SunetConfig.ByName(model), Head = SunetHead.Classifier, Classes = classes }.Validated();

    /// <summary>How many of the blocks keep the average pool behind them.</summary>
    internal int PooledBlocks => OutputStride switch
    {
        32 => 3,
        16 => 2,
        8 => 1,
        _ => throw new ConfigurationException($"Output stride {OutputStride} is not 32, 16 or 8."),
    };

    /// <summary>Checks that the spec can be built and returns it.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public SunetSpec Validated()
    {
        Config.Validate();
        int most = Head == SunetHead.Segmenter ? SoftmaxCrossEntropy.DefaultIgnoreLabel : 65_535;
        if (Classes < 1 || Classes > most)
            throw new ConfigurationException($"A {Head.ToString().ToLowerInvariant()} has 1 to {most} classes, not {Classes}.");
        if (Head == SunetHead.Classifier && (OutputStride != 32 || Degrid || !Multigrid))
        {
            throw new ConfigurationException(
                "Output stride, multigrid and de-gridding are a segmenter's; a classifier's output stride is 32.");
        }

        _ = PooledBlocks;
        if (ClassNames.Count != 0 && ClassNames.Count != Classes)
            throw new ConfigurationException($"There are {ClassNames.Count} class names for {Classes} classes.");
        Normalization.Validate();
        return this;
    }
}
