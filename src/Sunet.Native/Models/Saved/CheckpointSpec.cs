namespace Sunet.Native.Models.Saved;

/// <summary>Networks as checkpoints describe them.</summary>
internal static class CheckpointSpec
{
    /// <summary>What a checkpoint says it is.</summary>
    /// <exception cref="CheckpointException">No such network can be built; the message says why.</exception>
    public static SunetSpec Read(CheckpointConfig config, string path)
    {
        try
        {
            return new SunetSpec
            {
                Config = config.Size is { } size
                    ? new SunetConfig(CheckpointConfig.CustomModel, size.Filters, size.Depth, size.Widths)
                    {
                        StemWidth = size.StemWidth,
                        ResidualWidth = size.ResidualWidth,
                    }
                    : SunetConfig.ByName(config.Model),
                Head = config.Head == CheckpointHead.Classifier ? SunetHead.Classifier : SunetHead.Segmenter,
                Classes = config.ClassNames.Count,
                ClassNames = config.ClassNames,
                OutputStride = config.OutputStride,
                Multigrid = config.Multigrid,
                Degrid = config.Degrid,
                Normalization = config.Normalization,
            }.Validated();
        }
        catch (ConfigurationException e)
        {
            throw new CheckpointException($"Checkpoint '{path}' describes no network that can be built: {e.Message}", path, e);
        }
    }

    /// <summary>What a checkpoint of a network says.</summary>
    public static CheckpointConfig Write(SunetSpec spec)
    {
        SunetConfig? published = SunetConfig.All.FirstOrDefault(c => c.SameBody(spec.Config));
        return new CheckpointConfig
        {
            Model = published?.Name ?? CheckpointConfig.CustomModel,
            Size = published is not null ? null : new CheckpointModelSize(spec.Config.Filters, spec.Config.Depth, spec.Config.Widths,
                spec.Config.StemWidth, spec.Config.ResidualWidth),
            Head = spec.Head == SunetHead.Classifier ? CheckpointHead.Classifier : CheckpointHead.Segmenter,
            ClassNames = spec.ClassNames.Count > 0 ? spec.ClassNames : [.. Enumerable.Range(0, spec.Classes).Select(c => $"class{c}")],
            OutputStride = spec.OutputStride,
            Multigrid = spec.Multigrid,
            Degrid = spec.Degrid,
            Normalization = spec.Normalization,
        };
    }
}
