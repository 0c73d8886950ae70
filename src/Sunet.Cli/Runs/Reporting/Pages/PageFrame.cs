using System.Security.Cryptography;
using System.Text;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The frame of a report: one file that needs no other, with its style and its script inside, and no way to the network.</summary>
internal static class PageFrame
{
    /// <summary>The page's address of its numbers for the script.</summary>
    private const string DataId = "chart-data";

    /// <summary>Writes a page.</summary>
    /// <param name="title">Its title.</param>
    /// <param name="charts">The charts on it, whose numbers the script shows.</param>
    /// <param name="writeBody">Writes what the page shows.</param>
    public static string Write(string title, IReadOnlyList<CurveChart> charts, Action<HtmlWriter> writeBody)
    {
        string style = Resource("report.css"), script = Resource("report.js");
        string hash = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(script)));

        // Pictures are in the page, bars and shades are styles of elements, and no other script than ours runs.
        string policy = $"default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-{hash}'";
        var html = new HtmlWriter();
        html.Markup("<!DOCTYPE html>\n");
        using (html.In("html", ("lang", "en")))
        {
            using (html.In("head"))
            {
                html.Empty("meta", ("charset", "utf-8"));
                html.Empty("meta", ("http-equiv", "Content-Security-Policy"), ("content", policy));
                html.Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"));
                html.Empty("meta", ("name", "color-scheme"), ("content", "light dark"));
                html.Empty("link", ("rel", "icon"), ("href", "data:,"));
                html.Element("title", title);
                using (html.In("style"))
                    html.Markup(style);
            }

            using (html.In("body"))
            {
                using (html.In("main"))
                    writeBody(html);
                using (html.In("script", ("type", "application/json"), ("id", DataId)))
                    html.Markup(CurveChart.ToJson(charts));
                using (html.In("script"))
                    html.Markup(script);
            }
        }

        return html.ToString();
    }

    private static string Resource(string name)
    {
        using Stream stream = typeof(PageFrame).Assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
