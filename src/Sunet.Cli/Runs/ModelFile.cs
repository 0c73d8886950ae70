using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Runs;

/// <summary>Models from checkpoints, made to fit the data they meet.</summary>
internal static class ModelFile
{
    /// <summary>
    /// Opens a segmenter whose weights stay in the file until they are wanted, with another output stride if one is asked for; the caller
    /// disposes it.
    /// </summary>
    /// <exception cref="CheckpointException">The file is missing, damaged, or no segmenter.</exception>
    public static SunetModelFile OpenSegmenter(SettingValues values, CommandOutput output, int? outputStride)
    {
        SunetModelFile model = WeightsSettings.Open(values, output, outputStride);
        if (model.Spec.Head == SunetHead.Segmenter)
            return model;
        model.Dispose();
        throw NoSegmenter(values.Text("weights"));
    }

    /// <summary>A checkpoint's model as a segmenter, with another output stride if one is asked for.</summary>
    /// <exception cref="CheckpointException">It is no segmenter.</exception>
    public static SunetModel Segmenter(SunetModel model, string path, int? outputStride)
    {
        if (model.Spec.Head != SunetHead.Segmenter)
            throw NoSegmenter(path);
        return model.WithOutputStride(outputStride ?? model.Spec.OutputStride);
    }

    /// <summary>Refuses a model that has another number of classes than the data.</summary>
    /// <exception cref="CheckpointException">The numbers differ; the message names both.</exception>
    public static void RequireClasses(SunetModel model, string path, string dataset, int classes)
    {
        if (model.Spec.Classes != classes)
        {
            throw new CheckpointException(
                $"Checkpoint '{path}' has {Counted.Text(model.Spec.Classes, "classes")} and the data set '{dataset}' has {classes}.", path);
        }
    }

    /// <summary>Says so where a model and a data set name their classes differently.</summary>
    public static void NoteNames(SunetModel model, IReadOnlyList<string> classNames, CommandOutput output)
    {
        if (model.Spec.ClassNames.Count > 0 && !model.Spec.ClassNames.SequenceEqual(classNames))
            output.Progress("note: the checkpoint and the data set name their classes differently; they are matched by index");
    }

    private static CheckpointException NoSegmenter(string path) =>
        new($"Checkpoint '{path}' is a classifier; a segmenter is needed.", path);
}
