using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>Tells masks from images by what is in the files.</summary>
internal static class MaskEvidence
{
    // The most colours of a mask, and how many pairs are looked at.
    private const int MostColours = 64, Looked = 4;

    /// <summary>
    /// Whether the files of one folder are masks of the images in another: of the same sizes, and with one channel or few colours.
    /// </summary>
    /// <param name="images">The folder of images.</param>
    /// <param name="masks">The folder that may have their masks.</param>
    /// <param name="names">Which files belong together.</param>
    public static bool IsMaskOf(string images, string masks, NamePairing names)
    {
        bool hasFewer = true, hasOneChannel = true;
        foreach ((string image, string mask) in Spread(names.Pairs, Looked))
        {
            if (Look(Path.Combine(images, image)) is not { } photograph || Look(Path.Combine(masks, mask)) is not { } map
                || (photograph.Height, photograph.Width) != (map.Height, map.Width))
            {
                return false;
            }

            // A grey photograph has one channel, too, and its mask may have colours.
            hasFewer &= map.HasFewColours && !photograph.HasFewColours;
            hasOneChannel &= map.HasOneChannel && !photograph.HasOneChannel && (map.HasFewColours || !photograph.HasFewColours);
            if (!hasFewer && !hasOneChannel)
                return false;
        }

        return true;
    }

    /// <summary>Some of a list, evenly spread over it.</summary>
    public static IEnumerable<T> Spread<T>(IReadOnlyList<T> all, int most)
    {
        int count = Math.Min(most, all.Count);
        return Enumerable.Range(0, count).Select(i => all[(int)((long)i * all.Count / count)]);
    }

    private static Evidence? Look(string path)
    {
        try
        {
            var scratch = new DecodeScratch();
            ReadOnlySpan<byte> file = scratch.ReadFile(path);
            bool hasOneChannel = LabelFile.HasIndices(file) || SkiaDecoder.IsGrey(file);
            Memory2D<Rgb> image = ImageFile.Decode(file, path, ImageFile.DefaultPixelCap, scratch, new PixelBuffer<Rgb>());
            var colours = new HashSet<Rgb>();
            foreach (Rgb pixel in image.Span)
            {
                if (colours.Add(pixel) && colours.Count > MostColours)
                    break;
            }

            return new Evidence(image.Height, image.Width, colours.Count <= MostColours, hasOneChannel);
        }
        catch (DataException)
        {
            return null;
        }
    }

    private sealed record Evidence(int Height, int Width, bool HasFewColours, bool HasOneChannel);
}
