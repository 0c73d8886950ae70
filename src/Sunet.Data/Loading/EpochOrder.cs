using Sunet.Data.Randomness;

namespace Sunet.Data.Loading;

/// <summary>Which item stands at which position of an epoch: a permutation that follows from seed and epoch alone.</summary>
internal sealed class EpochOrder
{
    private readonly int[] order;
    private readonly ulong seed;
    private readonly bool shuffle;
    private long current = -1;

    /// <summary>Prepares for a number of items.</summary>
    public EpochOrder(int items, ulong seed, bool shuffle)
    {
        order = new int[items];
        this.seed = seed;
        this.shuffle = shuffle;
    }

    /// <summary>The item at a position of an epoch. Quick as long as the epoch stays the same.</summary>
    public int Item(long epoch, int position)
    {
        if (epoch != current)
        {
            for (int i = 0; i < order.Length; i++)
                order[i] = i;
            if (shuffle)
                new Philox(seed, PhiloxStream.EpochOrder, (ulong)epoch).Shuffle(order);
            current = epoch;
        }

        return order[position];
    }
}
