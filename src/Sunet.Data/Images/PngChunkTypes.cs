namespace Sunet.Data.Images;

/// <summary>The chunk types a label map needs, as the big-endian numbers of their four letters.</summary>
internal static class PngChunkTypes
{
    /// <summary>Image header.</summary>
    public const uint Ihdr = 0x49484452;

    /// <summary>Palette.</summary>
    public const uint Plte = 0x504C5445;

    /// <summary>Compressed pixels.</summary>
    public const uint Idat = 0x49444154;

    /// <summary>End of the file.</summary>
    public const uint Iend = 0x49454E44;
}
