using Sunet.Native.Checkpoints;
using Sunet.Native.Checkpoints.PyTorch;
using Sunet.Native.Graphs;
using Sunet.Native.Models.Networks;
using Sunet.Native.Models.Saved;

namespace Sunet.Native.Models;

/// <summary>
/// A network whose weights stay in their file and are read when they are asked for: what a predictor is made from where memory counts,
/// since plans have their own copy. While it is open the file may be replaced by renaming another over it, which changes nothing here; it
/// must not be overwritten in place. Any number of threads may read it; dispose it after what reads it.
/// </summary>
public sealed class SunetModelFile : ISunetWeights, IDisposable
{
    /// <summary>Vectors are kept, since they are read channel by channel; of the rest there is one at a time.</summary>
    private const int KeptElements = 1 << 14;

    private readonly Lock gate = new();
    private readonly PrefixedStateDict file;
    private readonly Dictionary<string, long> counts;
    private readonly Dictionary<string, float[]> kept = [];
    private float[] current = [];
    private string? currentName;
    private bool disposed;

    private SunetModelFile(PrefixedStateDict file, WeightNames names, SunetSpec spec, IReadOnlyList<Value> state)
    {
        this.file = file;
        Prefix = names.Prefix;
        Spec = spec;
        State = state;
        counts = state.ToDictionary(v => v.Name, v => v.Shape.Count);
    }

    /// <summary>The configuration of the network.</summary>
    public SunetSpec Spec { get; private init; }

    /// <summary>The entry of a file of torch.save that the weights are from; empty where it has none, and of safetensors.</summary>
    public string Entry => (file.File as PyTorchFile)?.Entry ?? "";

    /// <summary>What the tensors' names begin with in the file, and is left out here; empty, or it ends with a dot.</summary>
    public string Prefix { get; }

    /// <summary>
    /// What had to be decided to read the file and could have been meant otherwise, a clause each; empty where nothing could.
    /// </summary>
    public IReadOnlyList<string> Notes { get; private init; } = [];

    /// <summary>The parameters and running statistics.</summary>
    internal IReadOnlyList<Value> State { get; }

    /// <summary>
    /// Opens a network in safetensors or in a file of PyTorch's torch.save (a state dict, alone or under an entry such as
    /// <c>state_dict</c>); the content tells which it is. Where the file does not say what network it is, as PyTorch's do not, that is
    /// inferred from names and shapes. What these do not show is taken as the authors' segmenters have it: output stride 16, multigrid, and
    /// pixels normalised as for ImageNet. All weights are read once, to see that they are finite.
    /// </summary>
    /// <param name="path">The weights; of safetensors, the metadata or the <c>config.json</c> beside them say what network it is.</param>
    /// <param name="outputStride">
    /// Of a segmenter, another output stride than the file's, which no weight depends on; null for the file's.
    /// </param>
    /// <param name="selection">Which weights are meant where the file has several; null for the usual ones.</param>
    /// <exception cref="CheckpointException">
    /// The file is missing or damaged, or its tensors are not exactly those of a SUNet; the message lists names. Or a weight is NaN or
    /// infinity, or a variance negative; the message names the tensor.
    /// </exception>
    /// <exception cref="ConfigurationException">The stride is not 32, 16 or 8.</exception>
    public static SunetModelFile Open(string path, int? outputStride = null, WeightsSelection? selection = null)
    {
        SunetModelFile opened = Of(CheckpointFile.Open(path, selection?.Entry), selection?.Prefix, outputStride);
        try
        {
            foreach (Value value in opened.State)
                SoundWeights.Require(value.Name, opened.Read(value.Name), path);
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Finds the network in a checkpoint without reading any weight.</summary>
    /// <param name="file">The checkpoint, which is disposed with this, or if there is no network.</param>
    /// <param name="prefix">What names begin with; null to find it.</param>
    /// <param name="outputStride">Another output stride; null for the file's.</param>
    internal static SunetModelFile Of(IStateDict file, string? prefix, int? outputStride = null)
    {
        try
        {
            string? foreign = null;
            SunetSpec? config = file is SafetensorsFile safetensors ? WeightsFile.FindConfig(safetensors, out foreign) : null;
            WeightNames names = WeightNames.Find(file, prefix);
            var weights = new PrefixedStateDict(file, names.Prefix, names.Others);
            SunetSpec spec = config ?? SunetSpecInference.Infer(weights);
            IReadOnlyList<Value> state = SunetModel.StateOf(spec);
            StateDictMatch.Require(weights, state, spec); // before anything of the size that the file claims is allocated
            return new SunetModelFile(weights, names, spec, state)
            {
                Spec = outputStride is { } stride ? (spec with { OutputStride = stride }).Validated() : spec,
                Notes = [.. WeightsNotes.Of(file, names, foreign)],
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
        if (!counts.TryGetValue(name, out long count))
            throw new ArgumentException($"The model has no '{name}'.", nameof(name));
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(disposed, this);
            if (kept.TryGetValue(name, out float[]? elements))
                return elements;
            if (count <= KeptElements)
            {
                elements = new float[count];
                file.CopyFloats(name, elements);
                kept.Add(name, elements);
                return elements;
            }

            string fullName = file.FullName(name);
            return file.File is SafetensorsFile mapped && mapped.TryGet(fullName, out var entry) && entry.Type == StoredType.Float32
                ? InPlace(mapped, fullName)
                : Converted(name, (int)count);
        }
    }

    /// <summary>Copies a parameter or running statistic.</summary>
    internal void CopyTo(string name, Span<float> destination)
    {
        lock (gate)
            file.CopyFloats(name, destination);
    }

    /// <summary>Closes the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            disposed = true;
            file.Dispose();
        }
    }

    /// <summary>What is released comes back from the file where another thread still reads it.</summary>
    private ReadOnlySpan<float> InPlace(SafetensorsFile mapped, string fullName)
    {
        if (currentName is not null && currentName != fullName)
            mapped.Release(currentName);
        currentName = fullName;
        return mapped.Floats(fullName);
    }

    /// <summary>An array a tensor: another thread may still read the one before.</summary>
    private ReadOnlySpan<float> Converted(string name, int count)
    {
        if (currentName == name)
            return current;
        var elements = new float[count];
        file.CopyFloats(name, elements);
        (current, currentName) = (elements, name);
        return elements;
    }
}
