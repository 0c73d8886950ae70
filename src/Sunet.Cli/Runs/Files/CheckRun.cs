using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Checking;

namespace Sunet.Cli.Runs.Files;

/// <summary>Checks a data set.</summary>
internal static class CheckRun
{
    /// <summary>Prints what was found.</summary>
    /// <returns>The exit code: that of a data failure if anything is wrong.</returns>
    /// <exception cref="Sunet.Native.ConfigurationException">A setting does not suit the data set.</exception>
    public static int Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        string path = values.Text("data");
        DatasetReport report;
        using (var line = new DatasetProgressLine(output, values.Flag("quiet")))
            report = DatasetCheck.Run(path, LabelSettings.Options(values), DecodingSettings.PixelCapOf(values), line, cancellation);
        if (values.Flag("json"))
            output.Json(json => Write(json, path, report));
        else
            Print(output, report);
        return report.Findings.Count == 0 ? ExitCodes.Success : ExitCodes.Data;
    }

    private static void Print(CommandOutput output, DatasetReport report)
    {
        if (report.ClassPixels.Count > 0)
        {
            long total = report.ClassPixels.Sum() + report.IgnoredPixels;
            var shares = new TextTable("class", ">pixels", ">share %");
            for (int c = 0; c < report.ClassPixels.Count; c++)
                shares.Add(
                    report.ClassNames[c], Numbers.Grouped(report.ClassPixels[c]), Numbers.Percent((double)report.ClassPixels[c] / total));
            shares.Add("(ignored)", Numbers.Grouped(report.IgnoredPixels), Numbers.Percent((double)report.IgnoredPixels / total));
            output.Table(shares);
        }

        if (report.ClassImages.Count > 0)
        {
            var images = new TextTable("class", ">images");
            for (int c = 0; c < report.ClassImages.Count; c++)
                images.Add(report.ClassNames[c], Numbers.Grouped(report.ClassImages[c]));
            output.Table(images);
        }

        if (report.Findings.Count > 0)
        {
            var findings = new TextTable("finding");
            foreach (DatasetFinding finding in report.Findings)
                findings.Add(finding.Problem);
            output.Table(findings);
        }

        if (report.TurnedImages > 0)
        {
            output.Result($"{report.TurnedImages} of the images have an EXIF orientation and are turned by it wherever they are read; "
                + "label maps are taken as they are");
        }

        foreach (string note in report.Notes)
            output.Result("note: " + note);
        output.Result($"images {report.ImageCount}  classes {report.ClassNames.Count}  findings {report.Findings.Count}");
    }

    private static void Write(Utf8JsonWriter json, string path, DatasetReport report)
    {
        json.WriteString("data", path);
        json.WriteNumber("images", report.ImageCount);
        json.WriteNumber("turned_images", report.TurnedImages);
        json.WriteStartArray("classes");
        string unit = report.ClassImages.Count > 0 ? "images" : "pixels";
        IReadOnlyList<long> counts = report.ClassImages.Count > 0 ? report.ClassImages : report.ClassPixels;
        for (int c = 0; c < counts.Count; c++)
        {
            json.WriteStartObject();
            json.WriteString("name", report.ClassNames[c]);
            json.WriteNumber(unit, counts[c]);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteNumber("ignored_pixels", report.IgnoredPixels);
        json.WriteStartArray("findings");
        foreach (DatasetFinding finding in report.Findings)
        {
            json.WriteStartObject();
            json.WriteString("path", finding.Path);
            json.WriteString("problem", finding.Problem);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("notes");
        foreach (string note in report.Notes)
            json.WriteStringValue(note);
        json.WriteEndArray();
    }
}
