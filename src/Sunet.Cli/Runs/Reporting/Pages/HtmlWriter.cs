using System.Text;
using System.Text.Encodings.Web;
using System.Text.Unicode;
using Sunet.Cli.Output;

namespace Sunet.Cli.Runs.Reporting.Pages;

/// <summary>Writes HTML whose texts and attributes are escaped, and whose elements are closed in the order they need.</summary>
internal sealed class HtmlWriter
{
    private static readonly HtmlEncoder Encoder = HtmlEncoder.Create(UnicodeRanges.All);

    private readonly StringBuilder text = new();
    private readonly Stack<string> open = new();

    /// <summary>Opens an element, and closes it where the result is disposed.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="attributes">Names and values; one whose value is null is left out.</param>
    public Scope In(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Begin(tag, attributes);
        open.Push(tag);
        return new Scope(this);
    }

    /// <summary>Opens a box that scrolls by itself where its content is wider than the page, also by the keyboard.</summary>
    /// <param name="label">What it holds, for who cannot see it.</param>
    /// <param name="style">A further class; null for none.</param>
    public Scope InScroll(string label, string? style = null) => In(
        "div", ("class", style is null ? "scroll" : "scroll " + style), ("tabindex", "0"), ("role", "region"), ("aria-label", label));

    /// <summary>Writes an element that holds nothing but a text.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="content">The text.</param>
    /// <param name="attributes">Names and values; one whose value is null is left out.</param>
    public void Element(string tag, string content, params ReadOnlySpan<(string Name, string? Value)> attributes)
    {
        Begin(tag, attributes);
        Text(content);
        text.Append("</").Append(tag).Append('>');
    }

    /// <summary>Writes an element that holds nothing, such as an image or a path of a drawing.</summary>
    /// <param name="tag">Its name.</param>
    /// <param name="attributes">Names and values; one whose value is null is left out.</param>
    public void Empty(string tag, params ReadOnlySpan<(string Name, string? Value)> attributes) =>
        Begin(tag, attributes, "/>");

    /// <summary>Writes a text from anywhere; characters that would break the line or turn the direction of writing are spelt out.</summary>
    /// <param name="content">The text.</param>
    public void Text(string content) => text.Append(Encoder.Encode(PrintableText.Of(content)));

    /// <summary>Writes markup, style or script of our own as it is.</summary>
    /// <param name="content">The markup; nothing in it comes from a user.</param>
    public void Markup(string content) => text.Append(content);

    /// <summary>What was written.</summary>
    /// <exception cref="InvalidOperationException">An element is still open.</exception>
    public override string ToString() => open.Count == 0
        ? text.ToString()
        : throw new InvalidOperationException($"The element '{open.Peek()}' is open.");

    private void Begin(string tag, ReadOnlySpan<(string Name, string? Value)> attributes, string end = ">")
    {
        text.Append('<').Append(tag);
        foreach ((string name, string? value) in attributes)
        {
            if (value is not null)
                text.Append(' ').Append(name).Append("=\"").Append(Encoder.Encode(PrintableText.Of(value))).Append('"');
        }

        text.Append(end);
    }

    /// <summary>An element that is open until this is disposed.</summary>
    public readonly ref struct Scope(HtmlWriter writer)
    {
        /// <summary>Closes the element.</summary>
        public void Dispose() => writer.text.Append("</").Append(writer.open.Pop()).Append(">\n");
    }
}
