using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Reads <c>classes.txt</c>.</summary>
internal static class ClassNamesFile
{
    /// <summary>The most classes pixels can have: the labels below the one that is ignored.</summary>
    public const int MostOfPixels = LabelFile.IgnoreLabel;

    /// <summary>The most classes images can have.</summary>
    public const int MostOfImages = 65_535;

    /// <summary>Reads one name a line, from the class of index 0; blank lines at the end do not count.</summary>
    /// <exception cref="DataException">The file cannot be read, or <see cref="Require"/> objects.</exception>
    public static string[] Read(string path, int most = MostOfPixels)
    {
        string[] names = [.. TextLines.Read(path).Select(line => line.Trim())];
        int count = names.Length;
        while (count > 0 && names[count - 1].Length == 0)
            count--;
        Array.Resize(ref names, count);
        Require(names, path, most);
        return names;
    }

    /// <summary>Refuses a number of classes.</summary>
    /// <exception cref="DataException">There are none, or more than <paramref name="most"/>.</exception>
    public static void RequireCount(int count, string path, int most = MostOfPixels)
    {
        if (count == 0 || count > most)
            throw new DataException($"'{path}' names {count} classes; a data set has 1 to {most}.", path);
    }

    /// <summary>Refuses class names that could not be told apart or counted.</summary>
    /// <exception cref="DataException">
    /// There are none, more than <paramref name="most"/>, or one is blank, has control characters, or is twice there.
    /// </exception>
    public static void Require(IReadOnlyList<string> names, string path, int most = MostOfPixels)
    {
        RequireCount(names.Count, path, most);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < names.Count; i++)
        {
            if (names[i].Length == 0)
                throw new DataException($"'{path}' has no name for class {i}.", path);
            if (names[i].Any(char.IsControl))
                throw new DataException($"'{path}' has control characters in the name of class {i}.", path);
            if (!seen.Add(names[i]))
                throw new DataException($"'{path}' names the class '{names[i]}' twice.", path);
        }
    }
}
