using System.Text.Json;

namespace Sunet.Cli.Output;

/// <summary>Numbers in JSON, which has no NaN.</summary>
internal static class JsonNumbers
{
    /// <summary>A share of 1 as percent, rounded to two decimals; null where it is not defined.</summary>
    public static void WritePercent(this Utf8JsonWriter json, string name, double share)
    {
        if (double.IsFinite(share))
            json.WriteNumber(name, Math.Round(100 * share, 2));
        else
            json.WriteNull(name);
    }

    /// <summary>A number; null where it is not finite.</summary>
    public static void WriteFinite(this Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value))
            json.WriteNumber(name, value);
        else
            json.WriteNull(name);
    }
}
