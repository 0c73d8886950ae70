using Sunet.Cli.Runs.Reporting.Contents;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>The sections of a page that list what is known of a run beside its scores: data, settings, environment.</summary>
internal static class FactTables
{
    private const int MostFindings = 100;

    /// <summary>Writes what is wrong with the data.</summary>
    /// <param name="html">Receives the section.</param>
    /// <param name="findings">What was found.</param>
    public static void WriteData(HtmlWriter html, DataFindings findings)
    {
        using (html.In("section", ("id", "data")))
        {
            html.Element("h2", "Data");
            html.Element("p", findings.Scope + (findings.Findings.Count == 0 ? " Nothing wrong was found." : ""));
            List(html, "Findings", findings.Findings);
            List(html, "Notes", findings.Notes);
        }
    }

    /// <summary>Writes the settings and the environment of a run.</summary>
    /// <param name="html">Receives the section.</param>
    /// <param name="run">The run.</param>
    public static void WriteSettings(HtmlWriter html, RunRecord run)
    {
        using (html.In("section", ("id", "settings")))
        {
            html.Element("h2", "Settings");
            Table(html, "Settings of the run", run.Settings.Select(setting => (setting.Key, setting.Value)));
            html.Element("h2", "Environment");
            if (run.Environment.Count == 0)
                html.Element("p", $"The run folder has no {EnvironmentFile.FileName}: it was written by an earlier version.");
            else
                Table(html, "Environment of the run", run.Environment);
        }
    }

    private static void List(HtmlWriter html, string heading, IReadOnlyList<string> sentences)
    {
        if (sentences.Count == 0)
            return;
        html.Element("h3", FormattableString.Invariant($"{heading} ({sentences.Count})"));
        using (html.In("ul", ("class", "sentences")))
        {
            foreach (string sentence in sentences.Take(MostFindings))
                html.Element("li", sentence);
            if (sentences.Count > MostFindings)
            {
                html.Element(
                    "li", FormattableString.Invariant($"and {sentences.Count - MostFindings} more, which 'sunet data check' lists"));
            }
        }
    }

    private static void Table(HtmlWriter html, string label, IEnumerable<(string Name, string Value)> facts)
    {
        using (html.InScroll(label))
        using (html.In("table", ("class", "facts")))
        using (html.In("tbody"))
        {
            foreach ((string name, string value) in facts)
            {
                using (html.In("tr"))
                {
                    html.Element("th", name, ("scope", "row"));
                    html.Element("td", value, ("class", "text"));
                }
            }
        }
    }
}
