using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Files;

/// <summary>What <c>sunet export</c> was asked for.</summary>
/// <param name="Values">The settings, which name the checkpoint.</param>
/// <param name="ToOnnx">Whether the file is ONNX, rather than safetensors.</param>
/// <param name="Out">The file to write.</param>
/// <param name="OutputStride">Another output stride than the checkpoint's; null keeps it.</param>
/// <param name="Fold">Whether batch normalisations are folded.</param>
/// <param name="VerifiedAt">The inputs, [1, 3, H, W], that the file is compared at; none if it is not.</param>
/// <param name="Threads">For comparing; 0 for all.</param>
/// <param name="Json">Whether the result is JSON.</param>
internal sealed record ExportSettings(
    SettingValues Values, bool ToOnnx, string Out, int? OutputStride, bool Fold, IReadOnlyList<Shape> VerifiedAt, int Threads, bool Json)
{
    private const int LongestSide = 16_384;
    private const string Onnx = "onnx", Safetensors = "safetensors";
    private static readonly string[] OfOnnx = ["fold", "verify"], OfVerify = ["sizes", "threads"];

    /// <summary>Reads the settings.</summary>
    /// <exception cref="ConfigurationException">One is missing, out of range or contradicts another.</exception>
    public static ExportSettings From(SettingValues values)
    {
        string format = values.Choice("format", Onnx, Safetensors), weights = values.Text("weights");
        string file = values.TextOrNull("out") ?? Path.ChangeExtension(weights, format);
        if (Path.GetFullPath(file) == Path.GetFullPath(weights))
            throw new ConfigurationException($"'{file}' is the checkpoint itself; name another file with '--out'.");
        if (format != Onnx)
            Refuse(values, OfOnnx, $"--format {Onnx}");
        bool verify = values.Flag("verify");
        if (!verify)
            Refuse(values, OfVerify, "--verify");
        return new ExportSettings(values, format == Onnx, file, PredictionSettings.OutputStride(values), values.Flag("fold"),
            verify ? Images(values) : [], values.Int("threads", 0, 4096), values.Flag("json"));
    }

    private static void Refuse(SettingValues values, string[] names, string condition)
    {
        if (names.FirstOrDefault(values.IsGiven) is { } name)
            throw new ConfigurationException($"'--{name}' is for '{condition}', which was not asked for.");
    }

    private static Shape[] Images(SettingValues values)
    {
        var images = new List<Shape>();
        foreach ((int height, int width) in values.Sizes("sizes"))
        {
            if (Math.Min(height, width) < SunetGraph.SmallestSize || Math.Max(height, width) > LongestSide)
            {
                throw new ConfigurationException(
                    $"'--sizes' has {height}x{width}, and files are verified at sides from {SunetGraph.SmallestSize} to {LongestSide}.");
            }

            images.Add(new Shape(1, 3, height, width));
        }

        return [.. images];
    }
}
