namespace Sunet.Native.Inference;

/// <summary>How images are predicted in an evaluation, under the name that its row has in a table.</summary>
/// <param name="Name">Parts joined by +, such as <c>os8+multi+flip</c>; see <see cref="Parse"/>.</param>
/// <param name="Options">How images are predicted.</param>
/// <param name="OutputStride">Another output stride than the model's; null for the model's.</param>
internal sealed record EvaluationStrategy(string Name, PredictorOptions Options, int? OutputStride = null)
{
    /// <summary>Side of the crops of the authors' evaluation, and of the shorter side of an image at scale 1 there.</summary>
    private const int PublishedSize = 512;

    private static readonly string[] PaperNames =
        ["single", "flip", "multi", "multi+flip", "os8+multi+flip", "multi+flip+crops", "multi+flip+published"];

    private static readonly string[] CityscapesNames = ["single", "multi+flip", "many+flip", "many+flip+crops"];

    /// <summary>The scales for Cityscapes: the paper's, and larger ones up to 2.5 (section 7.4).</summary>
    public static IReadOnlyList<double> CityscapesScales { get; } = [.. PredictorOptions.PaperScales, 1.5, 1.75, 2.0, 2.25, 2.5];

    /// <summary>The paper's comparison on PASCAL VOC (table 5, section 7.4): scales, mirrored images, output stride 8, crops.</summary>
    public static IReadOnlyList<EvaluationStrategy> Paper { get; } = ParseAll(PaperNames, new PredictorOptions());

    /// <summary>The paper's comparison on Cityscapes, with its larger scales.</summary>
    public static IReadOnlyList<EvaluationStrategy> Cityscapes { get; } = ParseAll(CityscapesNames, new PredictorOptions());

    /// <summary>Reads a list: <c>paper</c>, <c>cityscapes</c>, or names separated by commas.</summary>
    /// <param name="list">The list.</param>
    /// <param name="basis">What the strategies leave as it is, such as tiles.</param>
    /// <exception cref="ConfigurationException">A part is unknown, two contradict each other, or a name comes twice.</exception>
    public static IReadOnlyList<EvaluationStrategy> ParseList(string list, PredictorOptions basis) => list switch
    {
        "paper" => ParseAll(PaperNames, basis),
        "cityscapes" => ParseAll(CityscapesNames, basis),
        _ => ParseAll(list.Split(','), basis),
    };

    /// <summary>
    /// Reads a name: <c>single</c> (one scale), <c>multi</c> (<see cref="PredictorOptions.PaperScales"/>) or <c>many</c>
    /// (<see cref="CityscapesScales"/>); <c>flip</c>; <c>os8</c>, <c>os16</c> or <c>os32</c>; <c>crops</c> (of 512 pixels, 2/3 of that
    /// apart) or <c>published</c> (the same on images whose shorter side is resized to 512 * scale, as the published code does).
    /// </summary>
    /// <param name="name">Parts joined by +.</param>
    /// <param name="basis">What the name leaves as it is.</param>
    /// <exception cref="ConfigurationException">A part is unknown, or two contradict each other.</exception>
    public static EvaluationStrategy Parse(string name, PredictorOptions basis)
    {
        var strategy = new EvaluationStrategy(name, basis with { Scales = [1.0], Flip = false, CropSize = 0, CropBase = 0 });
        var kinds = new HashSet<string>();
        foreach (string part in name.Split('+'))
        {
            (string kind, strategy) = With(strategy, part);
            if (!kinds.Add(kind))
                throw new ConfigurationException($"Strategy '{name}' has more than one {kind}.");
        }

        strategy.Options.Validate();
        return strategy;
    }

    private static (string Kind, EvaluationStrategy Strategy) With(EvaluationStrategy strategy, string part)
    {
        PredictorOptions options = strategy.Options;
        return part switch
        {
            "single" => ("set of scales", strategy),
            "multi" => ("set of scales", strategy with { Options = options with { Scales = PredictorOptions.PaperScales } }),
            "many" => ("set of scales", strategy with { Options = options with { Scales = CityscapesScales } }),
            "flip" => ("flip", strategy with { Options = options with { Flip = true } }),
            "os8" => ("output stride", strategy with { OutputStride = 8 }),
            "os16" => ("output stride", strategy with { OutputStride = 16 }),
            "os32" => ("output stride", strategy with { OutputStride = 32 }),
            "crops" => ("kind of crops", strategy with { Options = options with { CropSize = PublishedSize } }),
            "published" => ("kind of crops",
                strategy with { Options = options with { CropSize = PublishedSize, CropBase = PublishedSize } }),
            _ => throw new ConfigurationException($"Strategy '{strategy.Name}' has a part '{part}'; there are single, multi, many, flip, "
                + "os8, os16, os32, crops and published, joined by +."),
        };
    }

    private static IReadOnlyList<EvaluationStrategy> ParseAll(string[] names, PredictorOptions basis) =>
        names.Distinct().Count() == names.Length
            ? [.. names.Select(n => Parse(n, basis))]
            : throw new ConfigurationException($"'{string.Join(',', names)}' names a strategy twice.");
}
