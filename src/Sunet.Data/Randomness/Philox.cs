namespace Sunet.Data.Randomness;

/// <summary>
/// Random numbers as a pure function of a key and a place: Philox4x32-10 of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
/// (2011). Whoever knows the place needs no state, so any worker, and any resumed run, draws the same numbers.
/// </summary>
internal struct Philox
{
    private readonly ulong seed;
    private readonly ulong place;
    private readonly uint stream;
    private uint block;
    private uint r0, r1, r2, r3;
    private int left;

    /// <summary>Stands at the beginning of the sequence that belongs to a seed, a purpose and a place.</summary>
    /// <param name="seed">The user's seed.</param>
    /// <param name="stream">What the numbers are for; different purposes never share numbers.</param>
    /// <param name="place">Such as a sample's number, counted from the beginning of training.</param>
    public Philox(ulong seed, PhiloxStream stream, ulong place)
    {
        this.seed = seed;
        this.stream = (uint)stream;
        this.place = place;
    }

    /// <summary>The block function: four words for a counter of four and a key of two.</summary>
    public static (uint R0, uint R1, uint R2, uint R3) Block(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < 10; round++)
        {
            ulong p0 = 0xD2511F53UL * c0, p1 = 0xCD9E8D57UL * c2;
            (c0, c1, c2, c3) = ((uint)(p1 >> 32) ^ c1 ^ k0, (uint)p1, (uint)(p0 >> 32) ^ c3 ^ k1, (uint)p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }

        return (c0, c1, c2, c3);
    }

    /// <summary>The next 32 bits.</summary>
    public uint NextUInt32()
    {
        if (left == 0)
        {
            (r0, r1, r2, r3) = Block(block++, stream, (uint)place, (uint)(place >> 32), (uint)seed, (uint)(seed >> 32));
            left = 4;
        }

        return (left--) switch
        {
            4 => r0,
            3 => r1,
            2 => r2,
            _ => r3,
        };
    }

    /// <summary>Uniform in [0, 1) with 24 random bits.</summary>
    public float NextSingle() => (NextUInt32() >> 8) * (1f / (1 << 24));

    /// <summary>Uniform in [<paramref name="low"/>, <paramref name="high"/>).</summary>
    public float NextSingle(float low, float high) => low + ((high - low) * NextSingle());

    /// <summary>Uniform in [0, <paramref name="limit"/>); the bias of the multiplication is below limit / 2^32.</summary>
    public int NextInt32(int limit) => (int)(((ulong)NextUInt32() * (uint)limit) >> 32);

    /// <summary>Permutes in place, each order equally likely (Fisher-Yates).</summary>
    public void Shuffle(Span<int> values)
    {
        for (int i = values.Length - 1; i > 0; i--)
        {
            int other = NextInt32(i + 1);
            (values[i], values[other]) = (values[other], values[i]);
        }
    }
}
