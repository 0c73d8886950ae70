namespace Sunet.Data.Images;

/// <summary>Reads the bits of a JPEG's codes up to the next marker, without the zero that follows each 0xFF among them.</summary>
/// <remarks>Behind the end come zeros, so that a reader need look only now and then whether it has passed it.</remarks>
internal ref struct JpegBits(ReadOnlySpan<byte> codes)
{
    private readonly ReadOnlySpan<byte> codes = codes;
    private ulong buffer;
    private int count, invented, at;

    /// <summary>Whether more bits were read than there are.</summary>
    public readonly bool IsOverrun => count < invented;

    /// <summary>The bytes that no bit was read of.</summary>
    public readonly int Left => codes.Length - at + (Math.Max(0, count - invented) / 8);

    /// <summary>The next bits, at most 16 of them.</summary>
    public int Peek(int length)
    {
        if (count < length)
            Fill();
        return (int)(buffer >> (64 - length));
    }

    /// <summary>Moves on by at most as many bits as were looked at.</summary>
    public void Skip(int length)
    {
        buffer <<= length;
        count -= length;
    }

    /// <summary>Reads a number of at most 16 bits.</summary>
    public int Read(int length)
    {
        if (length == 0)
            return 0;
        int value = Peek(length);
        Skip(length);
        return value;
    }

    private void Fill()
    {
        while (count <= 56)
        {
            byte next = 0;
            if (at < codes.Length && (codes[at] != 0xFF || (at + 1 < codes.Length && codes[at + 1] == 0)))
            {
                next = codes[at];
                at += next == 0xFF ? 2 : 1;
            }
            else
            {
                invented += 8;
            }

            buffer |= (ulong)next << (56 - count);
            count += 8;
        }
    }
}
