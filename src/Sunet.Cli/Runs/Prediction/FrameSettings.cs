using System.Globalization;
using Sunet.Cli.Settings;
using Sunet.Native;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Raw frames that come from standard input, and where what is predicted goes.</summary>
/// <param name="Height">Of every frame.</param>
/// <param name="Width">Of every frame.</param>
/// <param name="Input">How pixels come.</param>
/// <param name="Output">
/// How pixels go to standard output; null where files are written. Grey is class indices, and colours are overlays.
/// </param>
internal sealed record FrameSettings(int Height, int Width, FrameFormat Input, FrameFormat? Output)
{
    /// <summary>The name of standard input and output.</summary>
    public const string Standard = "-";

    private const string Source = "source", SizeName = "size", InputName = "format", To = "out", OutputName = "out-format";

    // What ffmpeg and its users call the same.
    private const string GrayAlias = "gray";

    /// <summary>What only files have, or streams of files.</summary>
    private static readonly string[]
        OfFiles = ["submission", "workers"],
        OfRunFolder = ["project", "name", "exist-ok", "probabilities", "legend", "activations"];

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value(SizeName, "with '--source -': width x height of the raw frames on standard input, such as 1280x720") with
        {
            Group = SettingGroups.Data,
        },
        Setting.Value(InputName, "with '--source -': how their pixels lie, in ffmpeg's words: " + Names) with
        {
            Group = SettingGroups.Data, Choices = [.. FrameFormat.All.Select(format => format.Name)],
        },
        Setting.Value(To, "with '--source -': '-' writes raw frames to standard output, and all messages to standard error") with
        {
            Choices = [Standard],
        },
        Setting.Value(OutputName, "with '--out -': gray8 for class indices, or overlays in a format of colours (default: gray8, and rgb24 "
            + "with '--overlay')") with
        {
            Choices = [.. FrameFormat.All.Select(format => format.Name)],
        },
    ];

    /// <summary>Bytes of a frame.</summary>
    public int InputBytes => Height * Width * Input.PixelBytes;

    private static string Names => string.Join(", ", FrameFormat.All.Select(format => format.Name));

    /// <summary>Reads the settings; null where the source is not standard input.</summary>
    /// <exception cref="ConfigurationException">One is missing or wrong, or contradicts another.</exception>
    public static FrameSettings? From(SettingValues values)
    {
        if (values.Text(Source) != Standard)
        {
            return Settings.FirstOrDefault(setting => values.IsGiven(setting.Name)) is { } idle
                ? throw new ConfigurationException(
                    $"'--{idle.Name}' is for raw frames from standard input; give it with '--source -' or leave it out.")
                : null;
        }

        foreach (string name in new[] { SizeName, InputName })
        {
            if (!values.IsGiven(name))
            {
                throw new ConfigurationException($"Raw frames do not tell their size and format; give '--{name}' with '--source -', as in "
                    + "'--size 1280x720 --format rgb24'.");
            }
        }

        if (OfFiles.FirstOrDefault(values.IsGiven) is { } ofFiles)
            throw new ConfigurationException($"'--{ofFiles}' is for images in files; leave it out with '--source -'.");
        (int width, int height) = Size(values);
        var settings = new FrameSettings(height, width, Format(values, InputName), OutputOf(values));
        settings.RequirePossible(values);
        return settings;
    }

    private static FrameFormat? OutputOf(SettingValues values)
    {
        if (!values.IsGiven(To))
        {
            return values.IsGiven(OutputName)
                ? throw new ConfigurationException($"'--{OutputName}' is for frames on standard output; give it with '--out -'.")
                : null;
        }

        if (values.Text(To) is var place && place != Standard)
        {
            throw new ConfigurationException(
                $"'--{To}' is '{place}' where '-' is needed, for standard output; without it, files are written.");
        }

        if (OfRunFolder.FirstOrDefault(values.IsGiven) is { } ofFolder)
            throw new ConfigurationException($"'--{ofFolder}' is for files in a run folder; leave it out with '--out -'.");
        bool? isOverlay = values.IsGiven("overlay") ? values.Flag("overlay") : null;
        FrameFormat format = values.IsGiven(OutputName)
            ? Format(values, OutputName)
            : isOverlay == true ? FrameFormat.Rgb24 : FrameFormat.Gray;
        return isOverlay switch
        {
            true when format == FrameFormat.Gray => throw new ConfigurationException(
                $"'--overlay' needs colours and '--{OutputName} {format.Name}' has none; give rgb24 or leave one of them out."),
            false when format != FrameFormat.Gray => throw new ConfigurationException(
                $"'--{OutputName} {format.Name}' is for overlays and contradicts '--no-overlay'; give gray8 for class indices."),
            _ => format,
        };
    }

    private static FrameFormat Format(SettingValues values, string name)
    {
        string text = values.Text(name) == GrayAlias
            ? FrameFormat.Gray.Name
            : values.Choice(name, [.. FrameFormat.All.Select(format => format.Name)]);
        return FrameFormat.All.First(format => format.Name == text);
    }

    private static (int Width, int Height) Size(SettingValues values)
    {
        string text = values.Text(SizeName);
        int[] sides = [.. text.Split('x').Select(side =>
            int.TryParse(side, NumberStyles.None, CultureInfo.InvariantCulture, out int pixels) ? pixels : 0)];
        return sides is [> 0 and var width, > 0 and var height]
            ? (width, height)
            : throw new ConfigurationException($"'--{SizeName}' is '{text}' where width x height is needed, such as 1280x720.");
    }

    private void RequirePossible(SettingValues values)
    {
        long cap = DecodingSettings.PixelCapOf(values), pixels = (long)Height * Width;
        if (pixels > cap)
            throw new ConfigurationException($"Frames are {Width} x {Height} pixels, above the cap of {cap}; see '--pixel-cap'.");
        long bytes = pixels * Math.Max(Input.PixelBytes, sizeof(uint));
        if (bytes > Array.MaxLength)
            throw new ConfigurationException($"A frame of {Width} x {Height} pixels takes {bytes} bytes, more than {Array.MaxLength}.");
    }
}
