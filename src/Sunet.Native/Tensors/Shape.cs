using System.Globalization;

namespace Sunet.Native.Tensors;

/// <summary>The dimensions of a tensor, outermost first; up to four. Activations are [N, C, H, W].</summary>
public readonly struct Shape : IEquatable<Shape>
{
    /// <summary>
    /// The most elements a shape may have. No memory holds more, and totals such as bytes or operations still fit into 64 bits.
    /// </summary>
    private const long MostElements = 1L << 44;

    /// <summary>
    /// The longest side a shape may have. Values computed from a side, such as its padded or doubled length, still fit into 32 bits.
    /// </summary>
    private const int LongestSide = 1 << 30;

    private readonly int d0, d1, d2, d3;

    /// <summary>Creates a shape.</summary>
    /// <param name="dimensions">One to four dimensions, each at least 1.</param>
    /// <exception cref="ArgumentException">There are none, more than four, or one is below 1.</exception>
    /// <exception cref="MemoryException">There are more elements than any memory holds.</exception>
    public Shape(params ReadOnlySpan<int> dimensions)
    {
        if (dimensions.Length is < 1 or > 4)
            throw new ArgumentException($"A shape has one to four dimensions, not {dimensions.Length}.", nameof(dimensions));
        foreach (int dimension in dimensions)
        {
            if (dimension < 1)
                throw new ArgumentException($"Every dimension is at least 1; got {dimension}.", nameof(dimensions));
        }

        Rank = dimensions.Length;
        d0 = dimensions[0];
        d1 = Rank > 1 ? dimensions[1] : 1;
        d2 = Rank > 2 ? dimensions[2] : 1;
        d3 = Rank > 3 ? dimensions[3] : 1;
        if (Math.Max(Math.Max(d0, d1), Math.Max(d2, d3)) > LongestSide
            || (UInt128)(ulong)((long)d0 * d1) * (ulong)((long)d2 * d3) > MostElements)
        {
            throw TooLarge("than any memory holds");
        }
    }

    /// <summary>The number of dimensions.</summary>
    public int Rank { get; }

    /// <summary>The dimension at <paramref name="index"/>; 1 beyond the rank.</summary>
    public int this[int index] => index switch
    {
        0 => d0,
        1 => d1,
        2 => d2,
        3 => d3,
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    /// <summary>N of [N, C, H, W].</summary>
    public int Batch => d0;

    /// <summary>C of [N, C, H, W].</summary>
    public int Channels => d1;

    /// <summary>H of [N, C, H, W].</summary>
    public int Height => d2;

    /// <summary>W of [N, C, H, W].</summary>
    public int Width => d3;

    /// <summary>The number of elements.</summary>
    public long Count => (long)d0 * d1 * d2 * d3;

    /// <summary>The number of elements, for an array of them.</summary>
    /// <exception cref="MemoryException">There are more than an array can hold.</exception>
    public int ArrayLength => Count <= Array.MaxLength ? (int)Count : throw TooLarge("than an array can hold");

    /// <summary>Returns a copy of this [N, C, H, W] shape with another batch size.</summary>
    public Shape WithBatch(int batch) => new(batch, d1, d2, d3);

    /// <summary>Returns a copy of this [N, C, H, W] shape with another channel count.</summary>
    public Shape WithChannels(int channels) => new(d0, channels, d2, d3);

    /// <summary>Returns a copy of this [N, C, H, W] shape with another height and width.</summary>
    public Shape WithSize(int height, int width) => new(d0, d1, height, width);

    /// <summary>The dimensions, outermost first.</summary>
    public int[] ToArray() => new[] { d0, d1, d2, d3 }[..Rank];

    /// <inheritdoc/>
    public bool Equals(Shape other) => Rank == other.Rank && d0 == other.d0 && d1 == other.d1 && d2 == other.d2 && d3 == other.d3;

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Shape other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Rank, d0, d1, d2, d3);

    /// <summary>Whether two shapes have the same rank and dimensions.</summary>
    public static bool operator ==(Shape left, Shape right) => left.Equals(right);

    /// <summary>Whether two shapes differ.</summary>
    public static bool operator !=(Shape left, Shape right) => !left.Equals(right);

    /// <summary>Formats the dimensions, for example <c>[2, 64, 128, 192]</c>.</summary>
    public override string ToString() =>
        "[" + string.Join(", ", ToArray().Select(d => d.ToString(CultureInfo.InvariantCulture))) + "]";

    private MemoryException TooLarge(string than) =>
        new($"A tensor of shape {ToString()} has more elements {than}; use a smaller batch, image or model.", long.MaxValue);
}
