using System.Globalization;
using Sunet.Native.Checkpoints;
using Sunet.Native.Graphs;
using Sunet.Native.Models.Networks;
using Sunet.Native.Models.Saved;
using Sunet.Native.Tensors;

namespace Sunet.Native.Models;

/// <summary>
/// A network with its weights in ordinary memory, under the names and in the layouts of PyTorch's state dict. Trainers and predictors
/// read it when they are made; it holds no native resource.
/// </summary>
public sealed class SunetModel : ISunetWeights
{
    private readonly Dictionary<string, Entry> entries;

    private SunetModel(SunetSpec spec) : this(spec, StateOf(spec))
    {
    }

    private SunetModel(SunetSpec spec, IReadOnlyList<Value> state)
    {
        Spec = spec;
        RequireMemory(spec, state);
        entries = state.ToDictionary(v => v.Name, v => new Entry(v.Shape, v.Kind == ValueKind.Parameter, new float[v.Shape.ArrayLength]));
        Names = [.. entries.Keys];
        ParameterCount = entries.Values.Where(e => e.IsParameter).Sum(e => e.Shape.Count);
    }

    /// <summary>The configuration of the network.</summary>
    public SunetSpec Spec { get; }

    /// <summary>State-dict keys of parameters and running statistics.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of learned elements.</summary>
    public long ParameterCount { get; }

    /// <summary>Creates a network with fresh weights: He initialisation [44], batch-norm as the identity, biases 0.</summary>
    /// <param name="spec">The network.</param>
    /// <param name="seed">The same seed gives the same weights.</param>
    /// <exception cref="ConfigurationException">The spec is out of range.</exception>
    /// <exception cref="MemoryException">The weights do not fit into memory.</exception>
    public static SunetModel Create(SunetSpec spec, ulong seed = 0)
    {
        ArgumentNullException.ThrowIfNull(spec);
        var model = new SunetModel(spec.Validated());
        foreach ((string name, Entry entry) in model.entries)
            HeInitialisation.Fill(name, entry.Shape, seed, entry.Elements);
        return model;
    }

    /// <summary>Creates a network whose weights are zero, for a caller that writes all of them; batch-norms are the identity.</summary>
    internal static SunetModel CreateBlank(SunetSpec spec)
    {
        var model = new SunetModel(spec.Validated());
        foreach ((string name, Entry entry) in model.entries.Where(e => e.Value.Shape.Rank == 1))
            HeInitialisation.FillVector(name, entry.Elements);
        return model;
    }

    /// <summary>
    /// Loads a network from safetensors or from a file of PyTorch's torch.save (a state dict, alone or under an entry such as
    /// <c>state_dict</c>); the content tells which it is. Where the file does not say what network it is, as PyTorch's do not, that is
    /// inferred from names and shapes. What these do not show is taken as the authors' segmenters have it: output stride 16, multigrid, and
    /// pixels normalised as for ImageNet; <see cref="WithOutputStride"/> changes the stride. <see cref="SunetModelFile.Notes"/> tells what
    /// had to be decided.
    /// </summary>
    /// <param name="path">The weights; of safetensors, the metadata or the <c>config.json</c> beside them say what network it is.</param>
    /// <param name="selection">Which weights are meant where the file has several; null for the usual ones.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing or damaged, or its tensors are not exactly those of a SUNet; the message lists names. Or a weight is NaN or
    /// infinity, or a variance negative; the message names the tensor.
    /// </exception>
    public static SunetModel Load(string path, WeightsSelection? selection = null)
    {
        using SunetModelFile file = SunetModelFile.Of(CheckpointFile.Open(path, selection?.Entry), selection?.Prefix);
        return Load(file, path);
    }

    /// <summary>Loads a network from the rest of a stream, which is read into memory first.</summary>
    /// <param name="stream">What a file would have, less than 2 GiB; it stays open.</param>
    /// <param name="selection">Which weights are meant where there are several; null for the usual ones.</param>
    /// <exception cref="CheckpointException">As for a file.</exception>
    public static SunetModel Load(Stream stream, WeightsSelection? selection = null)
    {
        using SunetModelFile file = SunetModelFile.Of(CheckpointFile.Open(stream, selection?.Entry), selection?.Prefix);
        return Load(file, path: null);
    }

    /// <summary>Loads a network from its open file.</summary>
    /// <param name="file">The file; it stays open.</param>
    /// <exception cref="CheckpointException">The file's data are damaged.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public static SunetModel Load(SunetModelFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Load(file, path: null);
    }

    /// <summary>Writes weights and configuration durably: a temporary file, fsync, rename.</summary>
    /// <param name="path">Such as <c>model.safetensors</c>; <c>config.json</c> goes beside it.</param>
    /// <param name="metadata">More to keep in the file, such as step and score.</param>
    /// <exception cref="CheckpointException">It could not be written; an earlier file is unchanged.</exception>
    public void Save(string path, IReadOnlyDictionary<string, string>? metadata = null) =>
        WeightsFile.Save(path, Spec, metadata ?? new Dictionary<string, string>(), Tensors());

    /// <summary>
    /// Writes weights and configuration to a stream, as one safetensors file that <see cref="Load(Stream, WeightsSelection)"/> reads.
    /// </summary>
    /// <param name="stream">A writable stream, which stays open. Where it can seek, what is written carries a digest.</param>
    /// <param name="metadata">More to keep in the file, such as step and score.</param>
    public void Save(Stream stream, IReadOnlyDictionary<string, string>? metadata = null) =>
        WeightsFile.Save(stream, Spec, metadata ?? new Dictionary<string, string>(), Tensors());

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
        string[] unused = [.. source.Names.Where(n => IsFeature(n) && !model.entries.ContainsKey(n))];
        if (unused.Length > 0)
        {
            throw new CheckpointException(
                $"{unused.Length} tensors of the trained model have no place in the new one: {string.Join(", ", unused.Take(5))}.");
        }

        model.CopyFrom(source, KeepsHead(source.Spec, spec) ? null : name => !IsFeature(name));
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

    /// <summary>Returns this segmenter at another output stride, which no weight depends on.</summary>
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

    /// <inheritdoc/>
    public ReadOnlySpan<float> Read(string name) => Find(name).Elements;

    /// <summary>The elements of a parameter or running statistic, for writing.</summary>
    public Span<float> Write(string name) => Find(name).Elements;

    /// <summary>The parameters and running statistics a network has.</summary>
    internal static IReadOnlyList<Value> StateOf(SunetSpec spec)
    {
        Graph graph = SunetGraph.Build(spec, new Shape(1, 3, 64, 64), BatchNormMode.Inference, batchNormMomentum: 0).Graph;
        return [.. graph.Parameters, .. graph.Buffers];
    }

    private static SunetModel Load(SunetModelFile file, string? path)
    {
        var model = new SunetModel(file.Spec, file.State);
        foreach ((string name, Entry entry) in model.entries)
        {
            file.CopyTo(name, entry.Elements);
            SoundWeights.Require(name, entry.Elements, path);
        }

        return model;
    }

    private List<SafetensorsTensor> Tensors() =>
        [.. entries.Select(e => SafetensorsTensor.Floats(e.Key, e.Value.Shape.ToArray(), e.Value.Elements))];

    /// <summary>Refuses a network whose weights alone are more than the process may use, before any of them has memory.</summary>
    private static void RequireMemory(SunetSpec spec, IReadOnlyList<Value> state)
    {
        long needed = state.Sum(v => (long)v.Shape.ArrayLength) * sizeof(float), there = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > there)
        {
            throw new MemoryException(string.Create(CultureInfo.InvariantCulture,
                $"The weights of model '{spec.Config.Name}' need {needed:N0} bytes "
                + $"and there are {there:N0}; use fewer filters, smaller widths or a smaller depth."), needed);
        }
    }

    private static bool IsFeature(string name) => name.StartsWith("features.", StringComparison.Ordinal);

    private Entry Find(string name) => entries.TryGetValue(name, out Entry? entry)
        ? entry
        : throw new ArgumentException($"The model has no '{name}'.", nameof(name));

    private sealed record Entry(Shape Shape, bool IsParameter, float[] Elements);
}
