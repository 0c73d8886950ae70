using System.Globalization;
using Sunet.Data.Datasets;

namespace Sunet.Data.Conversion;

/// <summary>
/// Names images for a single folder: <c>city/photo</c> becomes <c>city_photo</c>, and what is taken already, also in other letter case,
/// gets a number. The same data set always gets the same names.
/// </summary>
internal sealed class ConvertedNames
{
    private readonly Dictionary<string, string> names = new(StringComparer.Ordinal);
    private readonly HashSet<string> taken = new(StringComparer.OrdinalIgnoreCase);

    /// <param name="images">All images of a data set, whichever of them are converted.</param>
    public ConvertedNames(IEnumerable<DatasetImage> images)
    {
        foreach (DatasetImage image in images)
        {
            if (!names.ContainsKey(image.Path))
                names.Add(image.Path, Choose(Flat(image.Name)));
        }
    }

    /// <summary>The name of an image, without extension.</summary>
    /// <param name="path">The image's file.</param>
    public string this[string path] => names[path];

    private string Choose(string wanted)
    {
        string name = wanted;
        for (int number = 2; !taken.Add(name); number++)
            name = string.Create(CultureInfo.InvariantCulture, $"{wanted}_{number}");
        return name;
    }

    private static string Flat(string name)
    {
        // A list has one name a line, and readers trim it.
        bool IsUnfit(char c, int at) =>
            c is '/' or '\\' || char.IsControl(c) || (char.IsWhiteSpace(c) && (at == 0 || at == name.Length - 1));
        return string.Concat(name.Select((c, at) => IsUnfit(c, at) ? '_' : c));
    }
}
