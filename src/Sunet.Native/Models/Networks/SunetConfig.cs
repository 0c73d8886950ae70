namespace Sunet.Native.Models.Networks;

/// <summary>
/// The body of a Stacked U-Net (Table 1 of arXiv 1804.10343): how many modules each of the four blocks stacks and how wide they are.
/// </summary>
/// <param name="Name">Such as <c>sunet64</c>; <c>custom</c> for one's own.</param>
/// <param name="Filters">N: the channels inside every u-net module.</param>
/// <param name="Depth">Modules in each of blocks 2 and 3; block 1 has two, block 4 one.</param>
/// <param name="Widths">Channels out of blocks 1 to 4.</param>
public sealed record SunetConfig(string Name, int Filters, int Depth, IReadOnlyList<int> Widths)
{
    // Far above anything that trains; deeper ones take longer to compile than somebody who mistyped a number should wait.
    private const int DeepestDepth = 64;
    private const int WidestLayer = 65_536;

    /// <summary>SUNet-64: 6.9M parameters as a classifier.</summary>
    public static SunetConfig Sunet64 { get; } = new("sunet64", 64, 4, [256, 512, 768, 1024]);

    /// <summary>SUNet-128: 24.7M parameters as a classifier.</summary>
    public static SunetConfig Sunet128 { get; } = new("sunet128", 128, 4, [512, 1024, 1536, 2048]);

    /// <summary>SUNet-7-128: 39.1M parameters as a classifier.</summary>
    public static SunetConfig Sunet7128 { get; } = new("sunet7128", 128, 7, [512, 1280, 2048, 2304]);

    /// <summary>The published models by name.</summary>
    public static IReadOnlyList<SunetConfig> All { get; } = [Sunet64, Sunet128, Sunet7128];

    /// <summary>Channels out of the 7x7 stem.</summary>
    public int StemWidth { get; init; } = 64;

    /// <summary>Channels out of the residual block behind the stem.</summary>
    public int ResidualWidth { get; init; } = 128;

    /// <summary>Modules in blocks 1 to 4.</summary>
    public IReadOnlyList<int> Modules => [2, Depth, Depth, 1];

    /// <summary>Finds a published model.</summary>
    /// <exception cref="ConfigurationException">There is none of that name; the message lists those there are.</exception>
    public static SunetConfig ByName(string name) => All.FirstOrDefault(c => c.Name == name)
        ?? throw new ConfigurationException($"There is no model '{name}'; choose one of {string.Join(", ", All.Select(c => c.Name))}.");

    /// <summary>Refuses a body that cannot be built.</summary>
    /// <exception cref="ConfigurationException">A number is out of range; the message names it.</exception>
    public void Validate()
    {
        if (Widths.Count != 4)
            throw new ConfigurationException($"A SUNet has four blocks; got {Widths.Count} widths.");
        if (Depth is < 1 or > DeepestDepth)
            throw new ConfigurationException($"The depth of model '{Name}' is 1 to {DeepestDepth}, not {Depth}.");
        if (Widths.Concat([Filters, StemWidth, ResidualWidth]).Any(w => w is < 1 or > WidestLayer))
            throw new ConfigurationException($"Filters and widths of model '{Name}' are 1 to {WidestLayer}.");
    }

    /// <summary>Whether two bodies are the same network, whatever they are called.</summary>
    public bool SameBody(SunetConfig other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Filters == other.Filters && Depth == other.Depth && StemWidth == other.StemWidth && ResidualWidth == other.ResidualWidth
            && Widths.SequenceEqual(other.Widths);
    }
}
