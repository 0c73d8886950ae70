using Sunet.Native;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs;

/// <summary>Models from checkpoints, made to fit the data they meet.</summary>
internal static class ModelFile
{
    /// <summary>Loads a segmenter, with another output stride if one is asked for: the weights do not depend on it.</summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or no segmenter.</exception>
    public static SunetModel LoadSegmenter(string path, int? outputStride)
    {
        SunetModel model = SunetModel.Load(path);
        if (model.Spec.Head != SunetHead.Segmenter)
            throw new CheckpointException($"Checkpoint '{path}' is a classifier; a segmenter is needed.", path);
        if (outputStride is not { } stride || stride == model.Spec.OutputStride)
            return model;
        SunetModel changed = SunetModel.Create(model.Spec with { OutputStride = stride });
        changed.CopyFrom(model);
        return changed;
    }

    /// <summary>Refuses a model that has another number of classes than the data.</summary>
    /// <exception cref="CheckpointException">The numbers differ; the message names both.</exception>
    public static void RequireClasses(SunetModel model, string path, string dataset, int classes)
    {
        if (model.Spec.Classes != classes)
        {
            throw new CheckpointException(
                $"Checkpoint '{path}' has {model.Spec.Classes} classes and the data set '{dataset}' has {classes}.", path);
        }
    }

    /// <summary>
    /// A model to fine-tune: all weights of the checkpoint where the classes are as many, else its features below a new head.
    /// </summary>
    /// <param name="source">The checkpoint's model.</param>
    /// <param name="spec">The network wanted, of the same body.</param>
    /// <param name="seed">For the new head.</param>
    public static SunetModel FineTune(SunetModel source, SunetSpec spec, ulong seed)
    {
        SunetModel model = SunetModel.Create(spec, seed);
        SunetSpec from = source.Spec;
        bool keepsHead = from.Head == spec.Head && from.Classes == spec.Classes && from.Degrid == spec.Degrid;
        model.CopyFrom(source, keepsHead ? null : name => name.StartsWith("final.", StringComparison.Ordinal));
        return model;
    }
}
