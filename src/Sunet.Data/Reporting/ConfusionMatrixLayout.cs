using SkiaSharp;

namespace Sunet.Data.Reporting;

/// <summary>Where the parts of a confusion matrix lie, so that two classes fill a picture and 150 can still be read.</summary>
internal sealed class ConfusionMatrixLayout
{
    /// <summary>Pixels around everything.</summary>
    public const int Margin = 16;

    /// <summary>Pixels between a name and its cells.</summary>
    public const int Gap = 8;

    /// <summary>Pixels of the lines above everything.</summary>
    public const int Heading = 84;

    private const int FewClasses = 10, MostNumbered = 40, LongestName = 26;
    private readonly float nameWidth;

    /// <summary>Lays a matrix out.</summary>
    /// <param name="classNames">One a class.</param>
    /// <param name="headingWidth">Pixels that the lines above it take.</param>
    public ConfusionMatrixLayout(IReadOnlyList<string> classNames, float headingWidth)
    {
        int classes = classNames.Count;
        (Cell, TextSize) = classes <= FewClasses ? (64, 15) : classes <= MostNumbered ? (38, 13) : (16, 12);
        HasNumbers = classes <= MostNumbered;
        Names = [.. classNames.Select(name => Lettering.Fit(name, TextSize, LongestName * TextSize))];
        nameWidth = Names.Max(name => Lettering.Width(name, TextSize));
        Left = (int)Math.Ceiling(Margin + AxisTitle + nameWidth + Gap);
        Top = (int)Math.Ceiling(Heading + AxisTitle + Math.Max(nameWidth, StatisticsHeading) + Gap);
        Right = Left + (classes * Cell);
        Bottom = Top + (classes * Cell);
        Width = (int)Math.Ceiling(Math.Max(Right + (2 * StatisticsWidth), headingWidth + Margin) + Margin);
        Height = Bottom + Margin;
    }

    /// <summary>Pixels from one class to the next.</summary>
    public int Cell { get; }

    /// <summary>The size of all text but the title.</summary>
    public int TextSize { get; }

    /// <summary>Whether cells are large enough for their numbers.</summary>
    public bool HasNumbers { get; }

    /// <summary>The names as they are drawn, those that are very long cut.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The left end of the cells.</summary>
    public int Left { get; }

    /// <summary>The upper end of the cells.</summary>
    public int Top { get; }

    /// <summary>The right end of the cells.</summary>
    public int Right { get; }

    /// <summary>The lower end of the cells.</summary>
    public int Bottom { get; }

    /// <summary>Pixels of the picture across.</summary>
    public int Width { get; }

    /// <summary>Pixels of the picture from top to bottom.</summary>
    public int Height { get; }

    /// <summary>Pixels of a column right of the cells.</summary>
    public int StatisticsWidth => 5 * TextSize;

    private int AxisTitle => 5 * TextSize / 2;

    private int StatisticsHeading => 4 * TextSize;

    /// <summary>The middle of the names' axis title, which is parallel to the axis.</summary>
    public float AxisTitleFrom(float end) => end - Gap - nameWidth - (AxisTitle / 2f);

    /// <summary>The middle of a class's row, from the upper end of the picture.</summary>
    public float RowMiddle(int index) => Top + (index * Cell) + (Cell / 2f);

    /// <summary>The middle of a class's column, from the left end of the picture.</summary>
    public float ColumnMiddle(int index) => Left + (index * Cell) + (Cell / 2f);

    /// <summary>A class's cell, with a gap to the next.</summary>
    public SKRect CellAt(int row, int column) => SKRect.Create(Left + (column * Cell), Top + (row * Cell), Cell - 1, Cell - 1);
}
