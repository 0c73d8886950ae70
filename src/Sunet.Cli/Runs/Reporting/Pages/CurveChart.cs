using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Sunet.Cli.Output;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>A chart of numbers over epochs: a drawing that shows everything, and a slider by which the script tells the numbers.</summary>
/// <param name="Id">The chart's name within the page.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Unit">The unit behind the numbers; empty for none.</param>
/// <param name="Epochs">The first and the last epoch of its axis.</param>
/// <param name="Series">The curves; one without a number is in the legend alone.</param>
internal sealed record CurveChart(string Id, string Title, string Unit, (int First, int Last) Epochs, IReadOnlyList<CurveSeries> Series)
{
    private const int Styles = 8;

    /// <summary>Writes the numbers of charts as JSON in which nothing can end the element that it stands in.</summary>
    /// <param name="charts">The charts.</param>
    public static string ToJson(IReadOnlyList<CurveChart> charts)
    {
        var stream = new MemoryStream();

        // This encoder spells out the characters that have a meaning in HTML.
        using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Encoder = JavaScriptEncoder.Default }))
        {
            json.WriteStartObject();
            foreach (CurveChart chart in charts)
                chart.Write(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
    }

    /// <summary>Writes the chart with its legend and its slider.</summary>
    /// <param name="html">Receives it.</param>
    public void Write(HtmlWriter html)
    {
        using (html.In("figure", ("class", "chart"), ("id", Id)))
        {
            html.Element("figcaption", Unit.Length == 0 ? Title : $"{Title}, {Unit}");
            new CurveDrawing(this).Write(html);
            using (html.In("ul", ("class", "legend")))
            {
                for (int i = 0; i < Series.Count; i++)
                {
                    using (html.In("li"))
                    {
                        using (html.In("svg", ("class", "stroke"), ("viewBox", "0 0 28 8"), ("aria-hidden", "true")))
                            html.Empty("path", ("class", StyleOf(i)), ("d", "M0 4H28"));
                        html.Text(Series[i].Name);
                    }
                }
            }

            using (html.In("label", ("class", "epoch")))
            {
                html.Text("Epoch ");
                html.Empty("input", ("type", "range"), ("min", Text(Epochs.First)), ("max", Text(Epochs.Last)),
                    ("value", Text(Epochs.Last)), ("step", "1"));
            }

            html.Element("output", "");
        }
    }

    /// <summary>The class of a curve's style, by which its colour and dashes are chosen.</summary>
    /// <param name="index">The curve's place among those of its chart.</param>
    public static string StyleOf(int index) => FormattableString.Invariant($"curve curve-{index % Styles}");

    private static string Text(int number) => FormattableString.Invariant($"{number}");

    private void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject(Id);
        json.WriteString("unit", Unit);
        json.WriteStartArray("series");
        foreach (CurveSeries series in Series)
        {
            json.WriteStartObject();
            json.WriteString("name", PrintableText.Of(series.Name));
            json.WriteStartArray("points");
            foreach ((int epoch, double value) in series.Points)
            {
                json.WriteStartArray();
                json.WriteNumberValue(epoch);
                json.WriteNumberValue(value);
                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>A curve of a chart.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Points">Epochs, ascending, and finite numbers.</param>
/// <param name="BestEpoch">The epoch that is marked; null for none.</param>
internal sealed record CurveSeries(string Name, IReadOnlyList<(int Epoch, double Value)> Points, int? BestEpoch);
