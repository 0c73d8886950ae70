using Spectre.Console;

namespace Sunet.Cli.Output;

/// <summary>
/// A table of text; a column whose title begins with '&gt;' is aligned to the right. Cells are shown as <see cref="PrintableText"/>.
/// </summary>
internal sealed class TextTable
{
    private const char RightMark = '>';
    private readonly string[] titles;
    private readonly bool[] right;
    private readonly List<string[]> rows = [];

    public TextTable(params ReadOnlySpan<string> columns)
    {
        titles = new string[columns.Length];
        right = new bool[columns.Length];
        for (int i = 0; i < columns.Length; i++)
        {
            right[i] = columns[i].StartsWith(RightMark);
            titles[i] = columns[i].TrimStart(RightMark);
        }
    }

    /// <summary>Adds a row with a cell for every column.</summary>
    public void Add(params ReadOnlySpan<string> cells)
    {
        if (cells.Length != titles.Length)
            throw new ArgumentException($"The table has {titles.Length} columns; {cells.Length} cells were given.", nameof(cells));
        var row = new string[cells.Length];
        for (int i = 0; i < row.Length; i++)
            row[i] = PrintableText.Of(cells[i]);
        rows.Add(row);
    }

    /// <summary>Writes aligned columns, two spaces apart.</summary>
    public void WritePlain(TextWriter writer)
    {
        int[] widths = [.. titles.Select((title, i) => rows.Select(r => r[i].Length).Append(title.Length).Max())];
        foreach (string[] row in rows.Prepend(titles))
        {
            IEnumerable<string> cells = row.Select((cell, i) => right[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            writer.WriteLine(string.Join("  ", cells).TrimEnd());
        }
    }

    /// <summary>Draws the table with lines around it.</summary>
    public Table ToBox()
    {
        var box = new Table().Border(TableBorder.Rounded);
        for (int i = 0; i < titles.Length; i++)
            box.AddColumn(new TableColumn(Markup.Escape(titles[i])) { Alignment = right[i] ? Justify.Right : Justify.Left, NoWrap = true });
        foreach (string[] row in rows)
            box.AddRow([.. row.Select(Markup.Escape)]);
        return box;
    }
}
