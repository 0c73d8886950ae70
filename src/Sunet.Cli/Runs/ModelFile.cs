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
        return model.WithOutputStride(outputStride ?? model.Spec.OutputStride);
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
}
