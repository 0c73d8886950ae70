using Sunet.Cli.Output;
using Sunet.Native;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Settings;

/// <summary>Which network is meant: a published one by name, a small one to try things with, or one's own numbers.</summary>
internal static class ModelSettings
{
    /// <summary>The name of a body given by its numbers.</summary>
    public const string Custom = "custom";

    /// <summary>The name of a small body, for small images and for trying things.</summary>
    public const string Tiny = "sunet-tiny";

    private static readonly string[] Numbers = ["filters", "depth", "widths", "stem-width", "residual-width"];

    /// <summary>The output strides there are, as they are given.</summary>
    public static string[] OutputStrides { get; } = ["32", "16", "8"];

    /// <summary>The names of all models.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. SunetConfig.All.Select(c => c.Name), Tiny, Custom];

    /// <summary>The settings that a classifier does not have.</summary>
    public static IReadOnlyList<string> SegmenterOnly { get; } = ["output-stride", "multigrid", "degrid"];

    /// <summary>The settings.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("model", $"{string.Join(", ", SunetConfig.All.Select(c => c.Name))}, {Tiny} or {Custom}") with
        {
            Replaces = Numbers,
            Choices = Names,
        },
        Setting.Value("filters", "custom model: channels inside every u-net module"),
        Setting.Value("depth", "custom model: modules in blocks 2 and 3"),
        Setting.Value("widths", "custom model: channels out of the four blocks, such as 32,64,96,128"),
        Setting.Value("stem-width", "custom model: channels out of the stem", "64"),
        Setting.Value("residual-width", "custom model: channels out of the residual block", "128"),
        Setting.Value("output-stride", "input size over feature size: 32, 16 or 8", "16") with { Choices = OutputStrides },
        Setting.Switch("multigrid", "double the dilation within dilated modules, without strides", fallback: true),
        Setting.Switch("degrid", "two more 3x3 convolutions against gridding"),
    ];

    private static SunetConfig TinyBody { get; } =
        new(Custom, 16, 2, [32, 64, 96, 128]) { StemWidth = 16, ResidualWidth = 32 };

    /// <summary>A segmenter of the settings.</summary>
    /// <exception cref="ConfigurationException">A setting is missing, out of range or contradicts another.</exception>
    public static SunetSpec Segmenter(SettingValues values, IReadOnlyList<string> classNames) =>
        Spec(values, SunetHead.Segmenter, classNames);

    /// <summary>A network of the settings; a classifier has no dilation to choose.</summary>
    /// <param name="values">The settings.</param>
    /// <param name="head">What it is for.</param>
    /// <param name="classNames">By index.</param>
    /// <param name="body">In place of the settings' own.</param>
    /// <exception cref="ConfigurationException">A setting is missing, out of range or contradicts another.</exception>
    public static SunetSpec Spec(SettingValues values, SunetHead head, IReadOnlyList<string> classNames, SunetConfig? body = null)
    {
        var spec = new SunetSpec
        {
            Config = body ?? Body(values),
            Head = head,
            Classes = classNames.Count,
            ClassNames = classNames,
        };
        return (head == SunetHead.Classifier ? spec : spec with
        {
            OutputStride = OutputStride(values),
            Multigrid = values.Flag("multigrid"),
            Degrid = values.Flag("degrid"),
        }).Validated();
    }

    /// <summary>The body the settings name; null where they name none.</summary>
    public static SunetConfig? BodyOrNull(SettingValues values) => values.TextOrNull("model") is null ? null : Body(values);

    /// <summary>Whether the settings say something of a body, be it half of what it takes.</summary>
    public static bool HasBody(SettingValues values) => values.IsGiven("model") || Numbers.Any(values.IsGiven);

    /// <summary>The output stride, if it can be had.</summary>
    public static int OutputStride(SettingValues values) => int.Parse(values.Choice("output-stride", OutputStrides),
        System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Replaces names and files in settings by a network's own numbers, on which the settings then no longer depend.</summary>
    public static SettingValues Resolve(SettingValues values, SunetSpec spec)
    {
        SunetConfig? published = SunetConfig.All.FirstOrDefault(c => c.SameBody(spec.Config));
        SettingValues result = values.With(
            ("model", published?.Name ?? Custom),
            ("output-stride", FormattableString.Invariant($"{spec.OutputStride}")),
            ("multigrid", spec.Multigrid ? Setting.On : Setting.Off),
            ("degrid", spec.Degrid ? Setting.On : Setting.Off));
        return published is not null ? result : result.With(
            ("filters", FormattableString.Invariant($"{spec.Config.Filters}")),
            ("depth", FormattableString.Invariant($"{spec.Config.Depth}")),
            ("widths", string.Join(',', spec.Config.Widths)),
            ("stem-width", FormattableString.Invariant($"{spec.Config.StemWidth}")),
            ("residual-width", FormattableString.Invariant($"{spec.Config.ResidualWidth}")));
    }

    private static SunetConfig Body(SettingValues values)
    {
        string name = values.Text("model");
        if (name == Custom)
        {
            return new SunetConfig(Custom, values.Int("filters", 1), values.Int("depth", 1), values.Ints("widths"))
            {
                StemWidth = values.Int("stem-width", 1),
                ResidualWidth = values.Int("residual-width", 1),
            };
        }

        if (Numbers.FirstOrDefault(values.IsGiven) is { } number)
            throw new ConfigurationException($"'--{number}' is for '--model {Custom}'; '{name}' has its own.");
        if (name == Tiny)
            return TinyBody;
        return SunetConfig.All.FirstOrDefault(c => c.Name == name) ?? throw new ConfigurationException(
            $"There is no model '{name}'; choose one of {string.Join(", ", Names)}.{DidYouMean.Sentence(name, Names)}");
    }
}
