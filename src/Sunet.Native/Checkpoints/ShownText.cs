namespace Sunet.Native.Checkpoints;

/// <summary>Text of a file as messages show it.</summary>
internal static class ShownText
{
    private const int Longest = 100;

    /// <summary>The text without control characters, and cut where it is long.</summary>
    public static string Of(string text)
    {
        string start = text.Length <= Longest ? text : text[..Longest] + "…";
        return string.Concat(start.Select(c => char.IsControl(c) ? '?' : c));
    }
}
