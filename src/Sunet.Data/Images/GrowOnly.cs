namespace Sunet.Data.Images;

/// <summary>Arrays of working memory that only grow, so that using them again and again does not allocate.</summary>
internal static class GrowOnly
{
    /// <summary>
    /// The first elements of an array, which is replaced by a larger one where it is too short; their contents are undefined.
    /// </summary>
    public static Span<T> Reserve<T>(ref T[] array, int length)
        where T : unmanaged
    {
        if (array.Length < length)
            array = GC.AllocateUninitializedArray<T>(length);
        return array.AsSpan(0, length);
    }
}
