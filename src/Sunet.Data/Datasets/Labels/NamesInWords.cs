namespace Sunet.Data.Datasets.Labels;

/// <summary>Names as a part of a sentence.</summary>
internal static class NamesInWords
{
    private const int Most = 10;

    /// <summary>The first ten in quotes, and how many more there are.</summary>
    public static string Quoted(IEnumerable<string> names)
    {
        string[] all = [.. names];
        string some = string.Join(", ", all.Take(Most).Select(name => $"'{name}'"));
        return all.Length > Most ? $"{some} and {all.Length - Most} more" : some;
    }
}
