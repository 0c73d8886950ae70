using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>The report of a run: one file that says what the run has found, and is made again by <c>sunet report</c>.</summary>
public sealed class ReportTests(ReportedRun run) : IClassFixture<ReportedRun>, IDisposable
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Train_Segmenter_LeavesAReportThatNeedsNoOtherFile()
    {
        Assert.Contains($"report: {run.Report}\n", run.Training.Output, StringComparison.Ordinal);
        Assert.InRange(new FileInfo(run.Report).Length, 20_000, 1_000_000);
        string page = File.ReadAllText(run.Report);
        Assert.All(Regex.Matches(page, "<[^>]* (?:src|href)=\"([^\"]*)\"").Select(m => m.Groups[1].Value),
            address => Assert.Matches("^(#|data:)", address));
        Assert.DoesNotMatch("<link [^>]*stylesheet|@import|url\\(|https?://", page);
        Assert.Contains(Encoder.Encode("default-src 'none'; img-src data:;"), page, StringComparison.Ordinal);
        string[] ids = [.. Regex.Matches(page, " id=\"([^\"]*)\"").Select(m => m.Groups[1].Value)];
        Assert.Equal(ids.Distinct(), ids);
        Assert.All(Regex.Matches(page, "href=\"#([^\"]*)\"").Select(m => m.Groups[1].Value), id => Assert.Contains(id, ids));
        Assert.All(Regex.Matches(page, "<img [^>]*>").Select(m => m.Value), image => Assert.Matches(" alt=\"[^\"]+\"", image));
    }

    [Fact]
    public void Train_NamesThatMeanSomethingInHtml_AreTexts()
    {
        string page = File.ReadAllText(run.Report);
        Assert.DoesNotContain("<b>", page, StringComparison.Ordinal);
        Assert.Contains(Encoder.Encode(ReportedRun.ClassName), page, StringComparison.Ordinal);
        Assert.Contains(Encoder.Encode(ReportedRun.ImageName), page, StringComparison.Ordinal);
        Assert.Contains("日本", page, StringComparison.Ordinal);

        // One script of numbers, one of ours, and nothing that ends them early.
        Assert.Equal(2, Regex.Count(page, "</script"));
    }

    [Fact]
    public void Train_Curves_HaveTheNumbersOfTheResults()
    {
        string[][] rows = [.. File.ReadAllLines(Path.Combine(run.Run, "results.csv")).Skip(1).Select(line => line.Split(','))];
        using JsonDocument charts = Charts(run.Report);
        JsonElement loss = charts.RootElement.GetProperty("chart-loss").GetProperty("series")[0];
        Assert.Equal(rows.Select(row => (int.Parse(row[0], CultureInfo.InvariantCulture), Number(row[2]))), Points(loss));
        JsonElement scores = charts.RootElement.GetProperty("chart-scores").GetProperty("series");
        Assert.Equal(["mIoU", "aAcc", "mAcc"], scores.EnumerateArray().Select(series => series.GetProperty("name").GetString()));
        Assert.Equal(rows.Where(row => row[3].Length > 0).Select(row => (int.Parse(row[0], CultureInfo.InvariantCulture), Number(row[3]))),
            Points(scores[0]));
    }

    [Fact]
    public void Report_FinishedRun_IsTheOneOfTheTraining()
    {
        string again = folder["again.html"];
        CommandResult result = CommandResult.Of("report", run.Run, "--out", again, "--threads", "1");
        Assert.Equal((0, $"report: {again}\n"), (result.Code, result.Output));
        Assert.Equal(File.ReadAllText(run.Report), File.ReadAllText(again));
    }

    [Fact]
    public void Train_ReportCannotBeWritten_WarnsAndSucceeds()
    {
        string[] train = TinyRuns.Train(run.Data, folder.Path, "exp", "--epochs", "1", "--exist-ok");
        Directory.CreateDirectory(folder["exp", "report.html", "taken"]);
        CommandResult result = CommandResult.Of(train);
        Assert.Equal(0, result.Code);
        Assert.Contains("warning: The run is complete, but its report was not written: ", result.Error, StringComparison.Ordinal);
        Assert.True(File.Exists(folder["exp", "weights", "best.safetensors"]));
    }

    [Fact]
    public void Report_DataThatHasMoved_IsFoundByTheOption()
    {
        string moved = TinyRuns.Copy(run.Data, folder["moved"]), copy = ReportedRun.Copy(run.Run, folder["exp"]);
        string settings = Path.Combine(copy, "args.yaml");
        File.WriteAllText(settings, File.ReadAllText(settings).Replace(run.Data, folder["gone"], StringComparison.Ordinal));
        AssertFailure($"is not at '{folder["gone"]}' any more; say with '--data' where it is", copy);
        CommandResult found = CommandResult.Of("report", copy, "--data", moved, "--threads", "1", "--quiet");
        Assert.True(found.Code == 0, found.Error);
        string page = File.ReadAllText(Path.Combine(copy, "report.html"));
        Assert.Contains(Encoder.Encode(ReportedRun.ImageName), page, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_WhatIsNoRun_SaysWhatIsMissing()
    {
        AssertFailure("There is no run folder", folder["nothing"]);
        AssertFailure("it has no args.yaml", Directory.CreateDirectory(folder["empty"]).FullName);
        string copy = ReportedRun.Copy(run.Run, folder["exp"]);
        AssertFailure("has no weights of its best epoch", () => File.Delete(Path.Combine(copy, "weights", "best.safetensors")), copy);
        AssertFailure("is no table of results", () => File.WriteAllText(Path.Combine(copy, "results.csv"), "epoch,time\n1\n"), copy);
        AssertFailure("has no results.csv", () => File.Delete(Path.Combine(copy, "results.csv")), copy);
        CommandResult misspelt = CommandResult.Of("report", run.Run, "--outt", "x.html");
        Assert.Equal(1, misspelt.Code);
        Assert.Contains("Unrecognized command or argument '--outt'. Did you mean", misspelt.Error, StringComparison.Ordinal);
        Assert.Contains("named twice", CommandResult.Of("report", run.Run, run.Run).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_ClassifiersRun_HasCurvesAndSettings()
    {
        Directory.CreateDirectory(folder["exp"]);
        File.WriteAllText(folder["exp", "args.yaml"], "data: gone\nlr: 0.1\n");
        File.WriteAllText(
            folder["exp", "results.csv"], "epoch,time,train/loss,metrics/top1_error,metrics/top5_error,lr/pg0\n1,2,0.5,30,4,0.1\n");
        CommandResult result = CommandResult.Of("report", folder["exp"], "--threads", "1");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("trained a classifier; its report has curves and settings, and no images", result.Error, StringComparison.Ordinal);
        string page = File.ReadAllText(folder["exp", "report.html"]);
        Assert.Contains("top1 error", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<img", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Report_SeveralRuns_ComparesThem()
    {
        string other = ReportedRun.Copy(run.Run, folder["other", "exp"]), settings = Path.Combine(other, "args.yaml");
        File.WriteAllText(settings, File.ReadAllText(settings).Replace("lr: 0.05", "lr: 0.07", StringComparison.Ordinal));
        CommandResult result = CommandResult.Of("report", run.Run, other, "--out", folder["both.html"], "--threads", "1", "--quiet");
        Assert.True(result.Code == 0, result.Error);
        string page = File.ReadAllText(folder["both.html"]);
        Assert.Contains("2 runs compared", page, StringComparison.Ordinal);
        const string rates = "<th scope=\"row\">lr</th><td class=\"text\">0.05</td><td class=\"text\">0.07</td>";
        Assert.Contains(rates, page, StringComparison.Ordinal);
        Assert.DoesNotContain("<th scope=\"row\">momentum</th>", page, StringComparison.Ordinal);
        Assert.Contains("runs/exp", page, StringComparison.Ordinal);
        Assert.Contains("other/exp", page, StringComparison.Ordinal);
        using JsonDocument charts = Charts(folder["both.html"]);
        Assert.Equal(5, charts.RootElement.EnumerateObject().Count());
        Assert.All(charts.RootElement.EnumerateObject(), chart => Assert.Equal(2, chart.Value.GetProperty("series").GetArrayLength()));
    }

    private static void AssertFailure(string said, string path) => AssertFailure(said, () => { }, path);

    private static void AssertFailure(string said, Action damage, string path)
    {
        damage();
        CommandResult result = CommandResult.Of("report", path, "--threads", "1", "--quiet");
        Assert.Equal((2, ""), (result.Code, result.Output));
        Assert.Contains(said, Assert.Single(result.ErrorLines), StringComparison.Ordinal);
    }

    private static JsonDocument Charts(string path) => JsonDocument.Parse(
        Regex.Match(File.ReadAllText(path), "<script type=\"application/json\" id=\"chart-data\">(.*?)</script>", RegexOptions.Singleline)
            .Groups[1].Value);

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static IEnumerable<(int, double)> Points(JsonElement series) =>
        series.GetProperty("points").EnumerateArray().Select(point => (point[0].GetInt32(), point[1].GetDouble()));
}
