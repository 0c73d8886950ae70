using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// Decodes the value of <c>segmentation</c>: a list of polygons (or one polygon), or an object with <c>size</c> and <c>counts</c>. Used by
/// one thread at a time.
/// </summary>
/// <param name="canvas">Gets the object's pixels.</param>
internal sealed class OutlineDecoder(MaskCanvas canvas)
{
    private readonly List<int> points = [];
    private byte[] text = [];

    /// <summary>Adds an outline to the canvas's object. Polygons of fewer than three points cover nothing.</summary>
    /// <param name="json">The value.</param>
    /// <exception cref="InvalidDataException">It is neither, or damaged; the message says what is wrong, as half a sentence.</exception>
    public void Decode(ReadOnlySpan<byte> json)
    {
        try
        {
            var reader = new Utf8JsonReader(json);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartArray)
                DecodePolygons(ref reader);
            else if (reader.TokenType == JsonTokenType.StartObject)
                DecodeRuns(ref reader);
            else
                throw new InvalidDataException("its segmentation is neither polygons nor run lengths");
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException("its segmentation is damaged", failure);
        }
    }

    private void DecodePolygons(ref Utf8JsonReader reader)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.Number)
        {
            DecodePolygon(ref reader);
            return;
        }

        for (; reader.TokenType != JsonTokenType.EndArray; reader.Read())
        {
            Require(reader.TokenType == JsonTokenType.StartArray, "its segmentation has something other than polygons");
            reader.Read();
            DecodePolygon(ref reader);
        }
    }

    private void DecodePolygon(ref Utf8JsonReader reader)
    {
        points.Clear();
        for (; reader.TokenType != JsonTokenType.EndArray; reader.Read())
        {
            Require(reader.TokenType == JsonTokenType.Number, "a polygon has something other than numbers");
            double coordinate = reader.GetDouble();
            if (Math.Abs(coordinate) > PolygonRaster.LargestCoordinate)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture, $"a polygon has the coordinate {coordinate}"));
            points.Add(PolygonRaster.Round(coordinate));
        }

        Require(points.Count % 2 == 0, "a polygon has an odd number of coordinates");
        if (points.Count >= 6)
            canvas.AddPolygon(CollectionsMarshal.AsSpan(points));
    }

    private void DecodeRuns(ref Utf8JsonReader reader)
    {
        bool counts = false, size = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isCounts = reader.ValueTextEquals("counts"u8), isSize = reader.ValueTextEquals("size"u8);
            Require(!(isCounts && counts), "it has 'counts' twice");
            reader.Read();
            if (isCounts)
                DecodeCounts(ref reader);
            else if (isSize)
                RequireSize(ref reader);
            else
                reader.Skip();
            counts |= isCounts;
            size |= isSize;
        }

        Require(counts && size, "its run lengths lack 'counts' or 'size'");
    }

    private void DecodeCounts(ref Utf8JsonReader reader)
    {
        var lengths = new RunLengths(canvas);
        if (reader.TokenType == JsonTokenType.String)
        {
            lengths.AddText(Unescape(ref reader));
        }
        else
        {
            Require(reader.TokenType == JsonTokenType.StartArray, "its 'counts' are neither numbers nor a text");
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                lengths.Add(Int64(ref reader));
        }

        lengths.End();
    }

    private void RequireSize(ref Utf8JsonReader reader)
    {
        Require(reader.TokenType == JsonTokenType.StartArray, "its 'size' is no list");
        reader.Read();
        long height = Int64(ref reader);
        reader.Read();
        long width = Int64(ref reader);
        reader.Read();
        Require(reader.TokenType == JsonTokenType.EndArray, "its 'size' has more than two numbers");
        if (height != canvas.Height || width != canvas.Width)
        {
            throw new InvalidDataException(
                $"its run lengths are for {width} x {height} pixels, but its image is {canvas.Width} x {canvas.Height}");
        }
    }

    // The alphabet includes the backslash, which JSON escapes.
    private ReadOnlySpan<byte> Unescape(ref Utf8JsonReader reader)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        Span<byte> target = GrowOnly.Reserve(ref text, reader.ValueSpan.Length);
        return target[..reader.CopyString(target)];
    }

    private static long Int64(ref Utf8JsonReader reader)
    {
        long value = 0;
        bool valid = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out value);
        Require(valid, "its 'counts' or 'size' has something other than whole numbers");
        return value;
    }

    private static void Require(bool condition, string problem)
    {
        if (!condition)
            throw new InvalidDataException(problem);
    }
}
