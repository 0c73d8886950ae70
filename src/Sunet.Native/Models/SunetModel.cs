using Sunet.Native.Checkpoints;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models;

/// <summary>
/// A network with its weights in ordinary memory, under the names and in the layouts of PyTorch's state dict. Trainers and predictors
/// read it when they are made; it holds no native resource.
/// </summary>
public sealed class SunetModel
{
    private readonly Dictionary<string, Entry> entries;

    private SunetModel(SunetSpec spec)
    {
        Spec = spec;
        SunetGraph graph = SunetGraph.Build(spec, new Shape(1, 3, 64, 64), BatchNormMode.Inference, batchNormMomentum: 0);
        entries = graph.Graph.Parameters.Concat(graph.Graph.Buffers).ToDictionary(v => v.Name,
            v => new Entry(v.Shape, v.Kind == ValueKind.Parameter, new float[v.Shape.Count]));
        Names = [.. entries.Keys];
        ParameterCount = entries.Values.Where(e => e.IsParameter).Sum(e => e.Shape.Count);
    }

    /// <summary>What the network is.</summary>
    public SunetSpec Spec { get; }

    /// <summary>State-dict keys of parameters and running statistics.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of learned elements.</summary>
    public long ParameterCount { get; }

    /// <summary>Creates a network with fresh weights: He initialisation [44], batch-norm as the identity, biases 0.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <exception cref="ConfigurationException">The spec is out of range.</exception>
    public static SunetModel Create(SunetSpec spec, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var model = new SunetModel(spec.Validated());
        foreach ((string name, Entry entry) in model.entries)
            HeInitialisation.Fill(name, entry.Shape, seed, entry.Elements);
        return model;
    }

    /// <summary>Loads a network from a safetensors file that this library wrote.</summary>
    /// <param name="path">The weights; their metadata or the <c>config.json</c> beside them says what network it is.</param>
    /// <exception cref="CheckpointException">The file is missing, damaged, or not a SUNet of this library.</exception>
    public static SunetModel Load(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var model = new SunetModel(SpecOf(WeightsFile.ReadConfig(file), path));
        model.CopyFrom(file);
        return model;
    }

    /// <summary>Writes weights and configuration durably: a temporary file, fsync, rename.</summary>
    /// <param name="path">Such as <c>model.safetensors</c>; <c>config.json</c> goes beside it.</param>
    /// <param name="metadata">More to keep in the file, such as step and score.</param>
    /// <exception cref="CheckpointException">It could not be written; an earlier file is unchanged.</exception>
    public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null)
    {
        List<SafetensorsTensor> tensors = [.. entries.Select(e => SafetensorsTensor.Floats(e.Key,
            e.Value.Shape.ToArray(), e.Value.Elements))];
        WeightsFile.Save(path, ConfigOf(Spec), metadata ?? new Dictionary<string, string>(), tensors);
    }

    /// <summary>
    /// Takes what another model has under the same names and shapes, except what <paramref name="except"/> picks: fine-tuning from a
    /// classifier takes the features and keeps the new head.
    /// </summary>
    /// <exception cref="CheckpointException">Something else does not match; the message lists the names.</exception>
    public void CopyFrom(SunetModel other, Func<string, bool>? except = null)
    {
        ArgumentNullException.ThrowIfNull(other);
        string[] wrong = [.. Names.Where(n => except?.Invoke(n) != true
            && (!other.entries.TryGetValue(n, out Entry? entry) || entry.Shape != entries[n].Shape))];
        if (wrong.Length > 0)
            throw new CheckpointException($"{wrong.Length} tensors do not match the other model: {string.Join(", ", wrong.Take(5))}.");
        foreach (string name in Names.Where(n => except?.Invoke(n) != true))
            other.Read(name).CopyTo(entries[name].Elements);
    }

    /// <summary>
    /// A model to fine-tune: everything of a trained one where head and classes are the same, else its features below a new head.
    /// </summary>
    /// <param name="source">The trained model.</param>
    /// <param name="spec">The network wanted, of the same body.</param>
    /// <param name="seed">For the new head.</param>
    /// <exception cref="CheckpointException">The bodies differ; the message lists names that do not match.</exception>
    public static SunetModel FineTune(SunetModel source, SunetSpec spec, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(spec);
        SunetModel model = Create(spec, seed);
        model.CopyFrom(source, KeepsHead(source.Spec, spec) ? null : name => !name.StartsWith("features.", StringComparison.Ordinal));
        return model;
    }

    /// <summary>Whether fine-tuning takes over the head too: both have the same, with as many classes.</summary>
    /// <param name="source">The trained network.</param>
    /// <param name="spec">The network wanted.</param>
    public static bool KeepsHead(SunetSpec source, SunetSpec spec)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(spec);
        return source.Head == spec.Head && source.Classes == spec.Classes && source.Degrid == spec.Degrid;
    }

    /// <summary>The same segmenter at another output stride, which no weight depends on.</summary>
    /// <exception cref="ConfigurationException">The stride is not 32, 16 or 8.</exception>
    public SunetModel WithOutputStride(int outputStride)
    {
        if (outputStride == Spec.OutputStride)
            return this;
        var changed = new SunetModel((Spec with { OutputStride = outputStride }).Validated());
        changed.CopyFrom(this);
        return changed;
    }

    /// <summary>The shape of a parameter or running statistic.</summary>
    public Shape ShapeOf(string name) => Find(name).Shape;

    /// <summary>Whether a name is learned, rather than a running statistic.</summary>
    public bool IsParameter(string name) => Find(name).IsParameter;

    /// <summary>The elements of a parameter or running statistic, row-major.</summary>
    public ReadOnlySpan<float> Read(string name) => Find(name).Elements;

    /// <summary>The elements of a parameter or running statistic, for writing.</summary>
    public Span<float> Write(string name) => Find(name).Elements;

    private static SunetSpec SpecOf(CheckpointConfig config, string path)
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

    private static CheckpointConfig ConfigOf(SunetSpec spec)
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

    private void CopyFrom(SafetensorsFile file)
    {
        string[] missing = [.. Names.Where(n => !file.TryGet(n, out _))];
        if (missing.Length > 0)
        {
            throw new CheckpointException(
                $"Checkpoint '{file.Path}' lacks {missing.Length} tensors of {Spec.Config.Name}, such as '{missing[0]}'.", file.Path);
        }

        foreach ((string name, Entry entry) in entries)
        {
            file.TryGet(name, out SafetensorsEntry? stored);
            if (!stored!.Has(entry.Shape))
            {
                throw new CheckpointException($"Checkpoint '{file.Path}' has '{name}' as [{string.Join(", ", stored.Dimensions)}] "
                    + $"where {Spec.Config.Name} with {Spec.Classes} classes needs {entry.Shape}.", file.Path);
            }

            file.CopyFloats(name, entry.Elements);
        }
    }

    private Entry Find(string name) => entries.TryGetValue(name, out Entry? entry)
        ? entry
        : throw new ArgumentException($"The model has no '{name}'.", nameof(name));

    private sealed record Entry(Shape Shape, bool IsParameter, float[] Elements);
}
