using Sunet.Data.Randomness;

namespace Sunet.Data.Tests.Randomness;

public sealed class PhiloxTests
{
    // The known answers that Random123 ships for philox4x32-10.
    [Theory]
    [InlineData(0u, 0u, 0u, 0u, 0u, 0u, 0x6627E8D5u, 0xE169C58Du, 0xBC57AC4Cu, 0x9B00DBD8u)]
    [InlineData(~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408F276Du, 0x41C83B0Eu, 0xA20BC7C6u, 0x6D5451FDu)]
    [InlineData(
        0x243F6A88u, 0x85A308D3u, 0x13198A2Eu, 0x03707344u, 0xA4093822u, 0x299F31D0u, 0xD16CFE09u, 0x94FDCCEBu, 0x5001E420u, 0x24126EA1u)]
    public void Block_PublishedInput_GivesPublishedAnswer(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint r0, uint r1, uint r2, uint r3) =>
        Assert.Equal((r0, r1, r2, r3), Philox.Block(c0, c1, c2, c3, k0, k1));

    [Fact]
    public void NextSingle_ManyDraws_IsUniform()
    {
        var random = new Philox(5, PhiloxStream.Scene, 1);
        var buckets = new int[10];
        for (int i = 0; i < 100_000; i++)
            buckets[(int)(random.NextSingle() * 10)]++;
        Assert.All(buckets, count => Assert.InRange(count, 9_600, 10_400));
    }

    [Fact]
    public void Shuffle_ThreeValues_MakesEveryOrderEquallyOften()
    {
        var counts = new Dictionary<string, int>();
        for (ulong place = 0; place < 6000; place++)
        {
            int[] values = [0, 1, 2];
            new Philox(7, PhiloxStream.EpochOrder, place).Shuffle(values);
            string key = string.Concat(values);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        Assert.Equal(6, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 880, 1120));
    }

    [Fact]
    public void NextUInt32_OtherSeedStreamOrPlace_Differs()
    {
        uint[] first =
        [
            new Philox(1, PhiloxStream.Scene, 1).NextUInt32(), new Philox(2, PhiloxStream.Scene, 1).NextUInt32(),
            new Philox(1, PhiloxStream.SceneNoise, 1).NextUInt32(), new Philox(1, PhiloxStream.Scene, 2).NextUInt32(),
            new Philox(1UL << 40, PhiloxStream.Scene, 1).NextUInt32(), new Philox(1, PhiloxStream.Scene, 1UL << 40).NextUInt32(),
        ];
        Assert.Equal(first.Length, first.Distinct().Count());
    }
}
