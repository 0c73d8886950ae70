using System.Globalization;
using Sunet.Data.Images;
using Sunet.Data.Loading;
using Sunet.Native;

namespace Sunet.Cli.Settings;

/// <summary>How large images may be, and what they are decoded in.</summary>
internal static class DecodingSettings
{
    private const int Mebibyte = 1 << 20;

    /// <summary>For every command that reads images.</summary>
    public static Setting PixelCap { get; } = Setting.Value(
        "pixel-cap", "images of more pixels are refused by their header", ImageFile.DefaultPixelCap.ToString(CultureInfo.InvariantCulture));

    /// <summary>For commands that read them by several threads.</summary>
    public static Setting Memory { get; } = Setting.Value(
        "decode-memory",
        "MiB that all workers decode images in, together; a larger image is read alone (default: an eighth of the memory, 512 to 4096)");

    /// <summary>Reads the cap.</summary>
    /// <exception cref="ConfigurationException">It is no number from 1.</exception>
    public static long PixelCapOf(SettingValues values) => values.Int(PixelCap.Name, 1);

    /// <summary>For commands that run images through the network, one after the other or several at a time.</summary>
    public static Setting Workers { get; } = Setting.Value("workers", "images that are decoded at a time (default: the processors)");

    /// <summary>Reads how many images are decoded at a time.</summary>
    /// <exception cref="ConfigurationException">It is no number from 1 to 256.</exception>
    public static int WorkersOf(SettingValues values)
    {
        const int most = 256;
        if (!values.IsGiven(Workers.Name))
            return Environment.ProcessorCount;
        int workers = values.Int(Workers.Name, 1);
        return workers <= most ? workers : throw new ConfigurationException($"'--workers' is 1 to {most}, not {workers}.");
    }

    /// <summary>Reads the memory.</summary>
    /// <returns>Bytes.</returns>
    /// <exception cref="ConfigurationException">It is no number from 1.</exception>
    public static long MemoryOf(SettingValues values) =>
        values.IsGiven(Memory.Name) ? (long)Mebibyte * values.Int(Memory.Name, 1) : LoaderSettings.DefaultDecodeBytes;

    /// <summary>Reads what a loader has of them, and its workers.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public static TLoader Apply<TLoader>(SettingValues values, TLoader loader)
        where TLoader : LoaderSettings
    {
        LoaderSettings common = loader with { PixelCap = PixelCapOf(values), DecodeBytes = MemoryOf(values) };
        if (values.IsGiven("workers"))
            common = common with { Workers = values.Int("workers", 1) };
        return (TLoader)common;
    }
}
