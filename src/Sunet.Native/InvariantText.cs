using System.Globalization;
using System.Runtime.CompilerServices;

namespace Sunet.Native;

/// <summary>
/// An interpolated string whose numbers and dates are written the same whatever the caller's culture is. The compiler makes it of an
/// interpolated string that is passed where this type is taken.
/// </summary>
/// <param name="literalLength">Characters outside the holes.</param>
/// <param name="formattedCount">The number of holes.</param>
[InterpolatedStringHandler]
internal ref struct InvariantText(int literalLength, int formattedCount)
{
    private DefaultInterpolatedStringHandler text = new(literalLength, formattedCount, CultureInfo.InvariantCulture);

    /// <summary>Adds what is outside the holes.</summary>
    public void AppendLiteral(string value) => text.AppendLiteral(value);

    /// <summary>Adds a value.</summary>
    public void AppendFormatted<T>(T value) => text.AppendFormatted(value);

    /// <summary>Adds a value in a format of its type.</summary>
    public void AppendFormatted<T>(T value, string? format) => text.AppendFormatted(value, format);

    /// <summary>The string; the interpolated one is used up.</summary>
    public string Take() => text.ToStringAndClear();
}
