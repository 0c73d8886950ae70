using System.Text.RegularExpressions;
using Sunet.Cli.Runs.Reporting.Pages;
using Sunet.Native.Inference;

namespace Sunet.Cli.Tests.Runs.Reporting;

/// <summary>Parts of a page that a small run does not show.</summary>
public sealed class PageTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(12)]
    [InlineData(150)]
    public void MatrixTable_AnyNumberOfClasses_HasAllRowsInPercent(int classes)
    {
        // A class is predicted right in 9 of 10 pixels, and as the next one in the others; the last one has no pixels.
        var matrix = new ConfusionMatrix(classes);
        for (int c = 0; c < classes - 1; c++)
        {
            byte[,] labels = new byte[1, 10], prediction = new byte[1, 10];
            for (int x = 0; x < 10; x++)
                (labels[0, x], prediction[0, x]) = ((byte)c, (byte)(x == 0 ? c + 1 : c));
            matrix.Add(labels, prediction);
        }

        string page = PageFrame.Write("matrix", [], html =>
            MatrixTable.Write(html, matrix, [.. Enumerable.Range(0, classes).Select(c => $"class {c}")]));
        string[] rows = [.. Regex.Matches(page, "<tr><th scope=\"row\">.*?</tr>", RegexOptions.Singleline).Select(m => m.Value)];
        Assert.Equal(classes, rows.Length);
        Assert.All(rows, row => Assert.Equal(classes, Regex.Count(row, "<td")));
        (string right, string wrong) = classes > 12 ? ("90", "10") : ("90.0", "10.0");
        Assert.All(rows[..^1], row => Assert.Contains($">{right}</td><td class=\"s1\">{wrong}</td>", row, StringComparison.Ordinal));
        Assert.Contains("<td class=\"right\">–</td>", rows[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void NamesOf_FoldersOfOneName_TakesThoseAboveThem()
    {
        Assert.Equal(["a", "b"], ComparisonPage.NamesOf(["/runs/a", "/runs/b"]));
        Assert.Equal(["x/exp", "y/exp"], ComparisonPage.NamesOf(["/runs/x/exp", "/runs/y/exp"]));
        Assert.Equal(["x/1/exp", "y/1/exp", "y/2/exp"], ComparisonPage.NamesOf(["/x/1/exp", "/y/1/exp", "/y/2/exp"]));
    }

    [Fact]
    public void HtmlWriter_ElementLeftOpen_IsRefused()
    {
        var html = new HtmlWriter();
        _ = html.In("p");
        html.Element("b", "<&\u202e\n", ("title", "\"'"), ("class", null));
        Assert.Throws<InvalidOperationException>(html.ToString);
        html = new HtmlWriter();
        html.Element("b", "<&\u202e\n", ("title", "\"'"), ("class", null));
        Assert.Equal("<b title=\"&quot;&#x27;\">&lt;&amp;\\u202e\\u000a</b>", html.ToString());
    }
}
