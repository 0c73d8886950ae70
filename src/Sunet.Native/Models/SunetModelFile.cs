using Sunet.Native.Checkpoints;
using Sunet.Native.Graphs;

namespace Sunet.Native.Models;

/// <summary>
/// A network whose weights stay in their file and are read when they are asked for: what a predictor is made from where memory counts,
/// since plans have their own copy. While it is open the file may be replaced by renaming another over it, which changes nothing here; it
/// must not be overwritten in place. It is read by one thread at a time; dispose it after what reads it.
/// </summary>
public sealed class SunetModelFile : ISunetWeights, IDisposable
{
    /// <summary>Vectors are kept, since they are read channel by channel; of the rest there is one at a time.</summary>
    private const int KeptElements = 1 << 14;

    private readonly IStateDict file;
    private readonly Dictionary<string, long> counts;
    private readonly Dictionary<string, float[]> kept = [];
    private float[] current = [];
    private string? currentName;
    private volatile bool disposed;

    private SunetModelFile(IStateDict file, SunetSpec spec, IReadOnlyList<Value> state)
    {
        this.file = file;
        Spec = spec;
        State = state;
        counts = state.ToDictionary(v => v.Name, v => v.Shape.Count);
    }

    /// <summary>What the network is.</summary>
    public SunetSpec Spec { get; private init; }

    /// <summary>The parameters and running statistics.</summary>
    internal IReadOnlyList<Value> State { get; }

    /// <summary>
    /// Opens a network in safetensors or in a file of PyTorch's torch.save (a state dict, alone or under <c>state_dict</c> or
    /// <c>model</c>); the content tells which it is. Where the file does not say what network it is, as PyTorch's do not, that is inferred
    /// from names and shapes. What these do not show is taken as the authors' segmenters have it: output stride 16, multigrid, and pixels
    /// normalised as for ImageNet.
    /// </summary>
    /// <param name="path">The weights; of safetensors, the metadata or the <c>config.json</c> beside them say what network it is.</param>
    /// <param name="outputStride">Of a segmenter, another output stride than the file's, which no weight depends on; null for the file's.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing or damaged, or its tensors are not exactly those of a SUNet; the message lists names.
    /// </exception>
    /// <exception cref="ConfigurationException">The stride is not 32, 16 or 8.</exception>
    public static SunetModelFile Open(string path, int? outputStride = null)
    {
        IStateDict file = CheckpointFile.Open(path);
        try
        {
            CheckpointConfig? config = file is SafetensorsFile safetensors ? WeightsFile.FindConfig(safetensors) : null;
            SunetSpec spec = config is null ? SunetSpecInference.Infer(file) : CheckpointSpec.Read(config, path);
            IReadOnlyList<Value> state = SunetModel.StateOf(spec);
            StateDictMatch.Require(file, state, spec); // before anything of the size that the file claims is allocated
            return new SunetModelFile(file, spec, state)
            {
                Spec = outputStride is { } stride ? (spec with { OutputStride = stride }).Validated() : spec,
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="CheckpointException">The file's data are damaged.</exception>
    /// <exception cref="ObjectDisposedException">The file was closed.</exception>
    public ReadOnlySpan<float> Read(string name)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if (!counts.TryGetValue(name, out long count))
            throw new ArgumentException($"The model has no '{name}'.", nameof(name));
        if (kept.TryGetValue(name, out float[]? elements))
            return elements;
        if (count <= KeptElements)
        {
            elements = new float[count];
            file.CopyFloats(name, elements);
            kept.Add(name, elements);
            return elements;
        }

        return file is SafetensorsFile mapped && mapped.TryGet(name, out SafetensorsEntry? entry) && entry.Type == StoredType.Float32
            ? InPlace(mapped, name)
            : Converted(name, (int)count);
    }

    /// <summary>Copies a parameter or running statistic.</summary>
    internal void CopyTo(string name, Span<float> destination) => file.CopyFloats(name, destination);

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        disposed = true;
        file.Dispose();
    }

    private ReadOnlySpan<float> InPlace(SafetensorsFile mapped, string name)
    {
        if (currentName is not null && currentName != name)
            mapped.Release(currentName);
        currentName = name;
        return mapped.Floats(name);
    }

    private ReadOnlySpan<float> Converted(string name, int count)
    {
        if (current.Length < count)
            current = new float[counts.Values.Max()];
        Span<float> place = current.AsSpan(0, count);
        if (currentName == name)
            return place;
        currentName = null;
        file.CopyFloats(name, place);
        currentName = name;
        return place;
    }
}
