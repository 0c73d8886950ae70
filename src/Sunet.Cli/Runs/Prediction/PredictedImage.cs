using System.Globalization;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Native.Models.Networks;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>What came of one image.</summary>
/// <param name="Source">The image's file.</param>
/// <param name="Height">In pixels; 0 where it could not be read.</param>
/// <param name="Width">In pixels; 0 where it could not be read.</param>
/// <param name="Files">What was written.</param>
/// <param name="Pixels">How many pixels are of each class.</param>
/// <param name="Problem">Why it could not be read; null where it was.</param>
internal sealed record PredictedImage(
    string Source, int Height, int Width, IReadOnlyList<string> Files, IReadOnlyList<long> Pixels, string? Problem)
{
    /// <summary>Writes the result of a whole run into an object.</summary>
    /// <param name="json">Within the object.</param>
    /// <param name="weights">The checkpoint's file.</param>
    /// <param name="folder">Where files were written.</param>
    /// <param name="model">Names the classes.</param>
    /// <param name="images">What came of each image.</param>
    public static void WriteAll(
        Utf8JsonWriter json, string weights, string folder, SunetSpec model, IReadOnlyList<PredictedImage> images)
    {
        json.WriteString("weights", weights);
        json.WriteString("run", folder);
        json.WriteNumber("failed", images.Count(image => image.Problem is not null));
        json.WriteStartArray("images");
        foreach (PredictedImage image in images)
        {
            json.WriteStartObject();
            json.WriteString("source", image.Source);
            if (image.Problem is { } problem)
                json.WriteString("problem", problem);
            else
                image.Write(json, model);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private void Write(Utf8JsonWriter json, SunetSpec model)
    {
        json.WriteNumber("height", Height);
        json.WriteNumber("width", Width);
        json.WriteStartArray("files");
        foreach (string file in Files)
            json.WriteStringValue(file);
        json.WriteEndArray();
        json.WriteStartArray("classes");
        for (int c = 0; c < Pixels.Count; c++)
        {
            json.WriteStartObject();
            json.WriteString("name", c < model.ClassNames.Count ? model.ClassNames[c] : "class" + c.ToString(CultureInfo.InvariantCulture));
            json.WritePercent("pixels", (double)Pixels[c] / ((long)Height * Width));
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }
}
