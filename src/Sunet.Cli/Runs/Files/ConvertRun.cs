using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Conversion;

namespace Sunet.Cli.Runs.Files;

/// <summary>Converts a data set.</summary>
internal static class ConvertRun
{
    /// <summary>Converts, and prints what was written.</summary>
    /// <exception cref="Sunet.Native.SunetException">A setting is wrong, or the data cannot be read or written.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        string data = values.Text("data");
        var options = new ConversionOptions
        {
            Splits = values.TextOrNull("split")?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? [],
            Overwrite = values.Flag("exist-ok"),
            Labels = LabelSettings.Options(values),
            ColourMap = values.TextOrNull("colour-map"),
            PixelCap = DecodingSettings.PixelCapOf(values),
            DecodeBytes = DecodingSettings.MemoryOf(values),
        };
        if (values.IsGiven("workers"))
            options = options with { Workers = values.Int("workers", 1) };
        DatasetConverter converter = DatasetConverter.Open(data, values.Text("out"), options, cancellation);
        output.Notes(converter.Notes);
        ConversionReport report;
        using (var line = new DatasetProgressLine(output, values.Flag("quiet")))
            report = converter.Run(line, cancellation);
        if (values.Flag("json"))
            Write(output, data, report);
        else
            Print(output, report);
    }

    private static void Print(CommandOutput output, ConversionReport report)
    {
        var table = new TextTable("split", ">images");
        foreach ((string split, int images) in report.Splits)
            table.Add(split, Numbers.Grouped(images));
        output.Table(table);
        string kept = report.Kept == 0 ? "" : $"  kept {report.Kept}";
        output.Result($"wrote {Counted.Text(report.Written, "images")}{kept}  classes {report.ClassCount}: {report.Root}");
    }

    private static void Write(CommandOutput output, string data, ConversionReport report) => output.Json(json =>
    {
        json.WriteString("data", data);
        json.WriteString("out", report.Root);
        json.WriteNumber("written", report.Written);
        json.WriteNumber("kept", report.Kept);
        json.WriteNumber("classes", report.ClassCount);
        json.WriteStartObject("splits");
        foreach ((string split, int images) in report.Splits)
            json.WriteNumber(split, images);
        json.WriteEndObject();
    });
}
