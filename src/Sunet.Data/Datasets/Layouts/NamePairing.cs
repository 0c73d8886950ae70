namespace Sunet.Data.Datasets.Layouts;

/// <summary>How the names of images and those of their masks go together.</summary>
/// <param name="ImageSuffix">How the names of images end; null for any extension of an image.</param>
/// <param name="MaskSuffix">How the names of masks end.</param>
/// <param name="Pairs">Some of the images with their masks, as file names.</param>
internal sealed record NamePairing(string? ImageSuffix, string MaskSuffix, IReadOnlyList<(string Image, string Mask)> Pairs)
{
    // Some images that endings are tried on.
    private const int Tried = 3;

    /// <summary>
    /// Finds endings by which at least half of the images and half of the masks pair up, so that a set with gaps is known as well.
    /// </summary>
    /// <param name="images">File names of images.</param>
    /// <param name="masks">File names of masks.</param>
    /// <returns>Null where there are none.</returns>
    public static NamePairing? Find(IReadOnlyList<string> images, IReadOnlyList<string> masks)
    {
        string maskExtension = CommonExtension(masks);
        if (Pair(null, maskExtension, images, masks) is { } equal)
            return equal;
        foreach (string image in images.Take(Tried).Select(Stem))
        {
            foreach (string mask in masks.Select(Stem).OrderByDescending(mask => CommonPrefix(image, mask)).Take(Tried))
            {
                int shared = CommonPrefix(image, mask);
                string? imageSuffix = shared == image.Length ? null : image[shared..] + CommonExtension(images);
                if (shared > 0 && Pair(imageSuffix, mask[shared..] + maskExtension, images, masks) is { } found)
                    return found;
            }
        }

        return null;
    }

    private static NamePairing? Pair(string? imageSuffix, string maskSuffix, IReadOnlyList<string> images, IReadOnlyList<string> masks)
    {
        Dictionary<string, string> byName = [];
        foreach (string mask in masks.Where(mask => mask.EndsWith(maskSuffix, StringComparison.OrdinalIgnoreCase)))
            byName.TryAdd(mask[..^maskSuffix.Length], mask);
        var pairs = new List<(string Image, string Mask)>();
        foreach (string image in images)
        {
            if (imageSuffix is not null && !image.EndsWith(imageSuffix, StringComparison.OrdinalIgnoreCase))
                continue;
            if (byName.TryGetValue(imageSuffix is null ? Stem(image) : image[..^imageSuffix.Length], out string? mask))
                pairs.Add((image, mask));
        }

        return 2 * pairs.Count >= images.Count && 2 * pairs.Count >= masks.Count ? new NamePairing(imageSuffix, maskSuffix, pairs) : null;
    }

    private static string Stem(string file) => Path.GetFileNameWithoutExtension(file);

    private static string CommonExtension(IReadOnlyList<string> files) =>
        files.GroupBy(Path.GetExtension, StringComparer.OrdinalIgnoreCase).MaxBy(group => group.Count())!.Key!;

    private static int CommonPrefix(string a, string b) => a.AsSpan().CommonPrefixLength(b);
}
