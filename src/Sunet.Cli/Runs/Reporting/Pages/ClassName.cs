using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>Shows classes with the colours that pictures show them in.</summary>
internal static class ClassName
{
    /// <summary>Writes a small square in a class's colour; one without a tint is empty.</summary>
    /// <param name="html">Receives it.</param>
    /// <param name="colours">Of the classes.</param>
    /// <param name="category">The class.</param>
    public static void Swatch(HtmlWriter html, ClassColours colours, int category)
    {
        Rgb colour = colours[category];
        string? style = colours.Shows((byte)category)
            ? FormattableString.Invariant($"background:#{colour.R:x2}{colour.G:x2}{colour.B:x2}")
            : null;
        html.Element("span", "", ("class", "swatch"), ("style", style));
    }

    /// <summary>Writes the colours of all classes as a list.</summary>
    /// <param name="html">Receives it.</param>
    /// <param name="names">The classes by index.</param>
    /// <param name="colours">Of the classes.</param>
    public static void Legend(HtmlWriter html, IReadOnlyList<string> names, ClassColours colours)
    {
        using (html.In("ul", ("class", "legend"), ("aria-label", "Colours of the classes")))
        {
            for (int c = 0; c < names.Count; c++)
            {
                using (html.In("li"))
                {
                    Swatch(html, colours, c);
                    html.Text(names[c]);
                }
            }
        }
    }
}
