namespace Sunet.Cli.Output;

/// <summary>Guesses which word was meant by one that is not there.</summary>
internal static class DidYouMean
{
    /// <summary>A sentence that asks for the nearest word, with a space before it; empty where none is near.</summary>
    /// <param name="word">What was typed.</param>
    /// <param name="known">What could have been.</param>
    public static string Sentence(string word, IEnumerable<string> known)
    {
        string typed = Bare(word);
        int tolerance = Math.Max(1, typed.Length / 3);
        string? nearest = known.Where(k => Distance(typed, Bare(k)) is var distance && distance <= tolerance && distance < typed.Length)
            .MinBy(k => Distance(typed, Bare(k)));
        return nearest is null ? "" : $" Did you mean '{nearest}'?";
    }

    private static string Bare(string word) => word.TrimStart('-').ToLowerInvariant();

    /// <summary>
    /// The fewest letters to insert, remove, replace or swap with their neighbour (Damerau and Levenshtein, each place changed once).
    /// </summary>
    private static int Distance(string from, string to)
    {
        var table = new int[from.Length + 1, to.Length + 1];
        for (int i = 0; i <= from.Length; i++)
        {
            for (int j = 0; j <= to.Length; j++)
                table[i, j] = i == 0 || j == 0 ? i + j : Step(table, from, to, i, j);
        }

        return table[from.Length, to.Length];
    }

    private static int Step(int[,] table, string from, string to, int i, int j)
    {
        int replaced = table[i - 1, j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
        int least = Math.Min(replaced, 1 + Math.Min(table[i - 1, j], table[i, j - 1]));
        bool areSwapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
        return areSwapped ? Math.Min(least, 1 + table[i - 2, j - 2]) : least;
    }
}
