using System.Text.Json;

namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// What can be told of an outline without drawing it: whether its lists can describe an area, and between which coordinates it lies.
/// </summary>
/// <remarks>
/// A sound outline that rounds to no pixel is no fault: MS-COCO has some. Neither are run lengths, nor what <see cref="OutlineDecoder"/>
/// refuses as broken.
/// </remarks>
internal readonly record struct OutlineShape
{
    private const int FewestNumbers = 6;

    private readonly float left, top, right, bottom;
    private readonly int mostNumbers;
    private readonly bool isChecked;

    private OutlineShape(int mostNumbers, bool isChecked, (float X, float Y) low, (float X, float Y) high)
    {
        this.mostNumbers = mostNumbers;
        this.isChecked = isChecked;
        (left, top, right, bottom) = (low.X, low.Y, high.X, high.Y);
    }

    private bool AreBeyondDrawing => Math.Max(Math.Max(-left, -top), Math.Max(right, bottom)) > PolygonRaster.LargestCoordinate;

    /// <summary>Reads an outline to its end.</summary>
    /// <param name="reader">At the outline's first token; left at its last.</param>
    /// <exception cref="DataException">The file cannot be read, is no JSON, or ends early.</exception>
    public static OutlineShape Read(ref JsonFileReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.SkipValue();
            return default;
        }

        int depth = 1, numbers = 0, most = 0;
        bool areNumbersEven = true;
        (float X, float Y) low = (float.MaxValue, float.MaxValue), high = (float.MinValue, float.MinValue);
        while (depth > 0)
        {
            reader.Read();
            switch (reader.TokenType)
            {
                case JsonTokenType.Number:
                    float value = reader.SingleOrZero();
                    if (numbers++ % 2 == 0)
                        (low.X, high.X) = (Math.Min(low.X, value), Math.Max(high.X, value));
                    else
                        (low.Y, high.Y) = (Math.Min(low.Y, value), Math.Max(high.Y, value));
                    break;
                case JsonTokenType.StartArray or JsonTokenType.StartObject:
                    depth++;
                    break;
                case JsonTokenType.EndArray or JsonTokenType.EndObject:
                    depth--;
                    areNumbersEven &= numbers % 2 == 0;
                    most = Math.Max(most, numbers);
                    numbers = 0;
                    break;
            }
        }

        return new OutlineShape(most, areNumbersEven, low, high);
    }

    /// <summary>Why no pixel can be of the object, as half a sentence; null where some may be.</summary>
    /// <param name="image">The image that it is on.</param>
    public string? Fault(in CocoImage image)
    {
        if (!isChecked)
            return null;
        if (mostNumbers < FewestNumbers)
        {
            return mostNumbers switch
            {
                0 => "its segmentation is empty",
                2 => "its segmentation has points in place of polygons, which are lists x1, y1, x2, y2 and so on",
                _ => "its segmentation has four numbers, which make a box and no polygon",
            };
        }

        if (left >= 0 && top >= 0 && right <= 1 && bottom <= 1 && (image.Height > 1 || image.Width > 1))
            return "its coordinates are shares from 0 to 1 in place of pixels";
        bool isOutside = right <= 0 || bottom <= 0 || left >= image.Width || top >= image.Height;
        return isOutside && !AreBeyondDrawing
            ? FormattableString.Invariant($"its outline lies outside the image of {image.Width} x {image.Height} pixels")
            : null;
    }
}
