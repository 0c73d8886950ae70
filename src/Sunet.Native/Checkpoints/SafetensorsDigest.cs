using System.Buffers;
using System.Globalization;
using System.IO.Hashing;

namespace Sunet.Native.Checkpoints;

/// <summary>
/// The digest of a whole file, header included, kept in the header's metadata. It is taken with its own digits as zeros, so it
/// can be filled in once the data have been streamed out.
/// </summary>
internal static class SafetensorsDigest
{
    public const string Key = "sunet.digest";
    public const string Algorithm = "xxh3-128:";
    public const int Digits = 32;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    private static ReadOnlySpan<byte> Zeros => "00000000000000000000000000000000"u8;

    public static string Placeholder { get; } = Algorithm + new string('0', Digits);

    public static bool IsWellFormed(string value) =>
        value.Length == Algorithm.Length + Digits && value.StartsWith(Algorithm, StringComparison.Ordinal)
        && value.AsSpan(Algorithm.Length).IndexOfAnyExcept(HexDigits) < 0;

    public static string Text(XxHash128 hash) =>
        Algorithm + hash.GetCurrentHashAsUInt128().ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Adds a header whose digits start at <paramref name="position"/> with zeros in their place.</summary>
    public static void AppendHeader(XxHash128 hash, ReadOnlySpan<byte> header, int position)
    {
        hash.Append(header[..position]);
        hash.Append(Zeros);
        hash.Append(header[(position + Digits)..]);
    }
}
