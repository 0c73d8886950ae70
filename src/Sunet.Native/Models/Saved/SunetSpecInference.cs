using Sunet.Native.Checkpoints;
using Sunet.Native.Models.Networks;

namespace Sunet.Native.Models.Saved;

/// <summary>Tells from names and shapes of a state dict which SUNet it belongs to.</summary>
internal static class SunetSpecInference
{
    /// <summary>What the authors evaluate their segmenters at, unless said otherwise; weights do not show it.</summary>
    private const int SegmenterStride = 16;

    /// <summary>
    /// The network: a published body or one of its own numbers, the head, and how many classes. Every shape it needs is for the caller to
    /// compare.
    /// </summary>
    /// <exception cref="CheckpointException">A tensor that tells of the network is missing; the message names it.</exception>
    public static SunetSpec Infer(IStateDict weights)
    {
        bool classifier = weights.DimensionsOf("linear.weight") is not null;
        bool degrid = !classifier && weights.DimensionsOf("final.conv3.weight") is not null;
        string head = classifier ? "linear.weight" : degrid ? "final.conv3.weight" : "final.conv1.weight";
        try
        {
            SunetConfig body = Body(weights);
            return new SunetSpec
            {
                Config = SunetConfig.All.FirstOrDefault(body.SameBody) ?? body,
                Head = classifier ? SunetHead.Classifier : SunetHead.Segmenter,
                Classes = Outputs(weights, head),
                OutputStride = classifier ? 32 : SegmenterStride,
                Degrid = degrid,
            }.Validated();
        }
        catch (ConfigurationException e)
        {
            throw new CheckpointException($"Checkpoint '{weights.Path}' holds no network that can be built: {e.Message}", weights.Path, e);
        }
    }

    private static SunetConfig Body(IStateDict weights)
    {
        int stem = Outputs(weights, "features.conv1.weight"), residual = Outputs(weights, "features.residual1.conv.0.weight");
        int filters = Outputs(weights, "features.unet1_0.down.0.conv0.weight");
        int[] widths = [.. Enumerable.Range(1, 4).Select(block => Outputs(weights, LastOf(block, 0)))];
        int depth = 1;
        while (weights.DimensionsOf(LastOf(2, depth)) is not null)
            depth++;
        return new SunetConfig(SunetSpecJson.CustomModel, filters, depth, widths) { StemWidth = stem, ResidualWidth = residual };
    }

    /// <summary>The convolution that makes the output of a u-net module.</summary>
    private static string LastOf(int block, int module) => $"features.unet{block}_{module}.up.0.conv2.weight";

    private static int Outputs(IStateDict weights, string name) => weights.DimensionsOf(name) is [var outputs, ..]
        ? outputs
        : throw new CheckpointException($"Checkpoint '{weights.Path}' is no SUNet: it has no '{name}' of a layer's shape; "
            + $"it has {string.Join(", ", weights.Names.Take(3).Select(n => $"'{n}'"))} and so on, {weights.Names.Count} tensors in all.",
            weights.Path);
}
