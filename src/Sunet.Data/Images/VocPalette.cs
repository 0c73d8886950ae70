using Sunet.Native.Tensors;

namespace Sunet.Data.Images;

/// <summary>The colour map of PASCAL VOC: 256 colours, far apart for small indices, with 255 (ignore) a light cream.</summary>
internal static class VocPalette
{
    private static readonly Rgb[] Entries = Make();

    /// <summary>The 256 colours, by class index.</summary>
    public static ReadOnlySpan<Rgb> Colours => Entries;

    private static Rgb[] Make()
    {
        var entries = new Rgb[256];
        for (int i = 0; i < entries.Length; i++)
        {
            // The index's bits are dealt to R, G, B in turn, the lowest ones to the highest bits of the colour.
            int r = 0, g = 0, b = 0;
            for (int bit = 7, rest = i; rest != 0; bit--, rest >>= 3)
            {
                r |= (rest & 1) << bit;
                g |= ((rest >> 1) & 1) << bit;
                b |= ((rest >> 2) & 1) << bit;
            }

            entries[i] = new Rgb((byte)r, (byte)g, (byte)b);
        }

        return entries;
    }
}
