namespace Sunet.Data.Datasets.Coco;

/// <summary>
/// COCO's run-length encoding: the lengths of runs of uncovered and covered pixels in turn, down the columns, as numbers or as a text
/// (<c>rleFrString</c> in https://github.com/cocodataset/cocoapi/blob/master/common/maskApi.c).
/// </summary>
/// <param name="canvas">Gets the covered runs.</param>
internal struct RunLengths(MaskCanvas canvas)
{
    private long position;
    private bool covered;

    /// <summary>Takes the next length.</summary>
    /// <exception cref="InvalidDataException">The run leaves the image.</exception>
    public void Add(long length)
    {
        if (length < 0 || length > canvas.Pixels - position)
            throw new InvalidDataException($"a run of {length} pixels at pixel {position} leaves its image of {canvas.Pixels}");
        if (covered)
            canvas.AddRun((int)position, (int)(position + length));
        position += length;
        covered = !covered;
    }

    /// <summary>
    /// Takes lengths as text: five bits a character, least significant first; from the fourth on the length less that two before.
    /// </summary>
    /// <exception cref="InvalidDataException">
    /// A character is not of the alphabet, a number does not end, or a run leaves the image.
    /// </exception>
    public void AddText(ReadOnlySpan<byte> text)
    {
        // Seven characters hold any number of pixels and a sign.
        const int Continues = 32, Negative = 16, MostBits = 35;
        long before = 0, twoBefore = 0;
        for (int i = 0, count = 0; i < text.Length; count++)
        {
            long value = 0;
            int bits = 0, character;
            do
            {
                character = i < text.Length ? text[i++] - '0' : -1;
                if (character is < 0 or > 63 || bits == MostBits)
                    throw new InvalidDataException($"its run lengths are broken at character {i}");
                value |= (long)(character & 31) << bits;
                bits += 5;
            }
            while ((character & Continues) != 0);

            if ((character & Negative) != 0)
                value |= -1L << bits;
            long length = count > 2 ? value + twoBefore : value;
            Add(length);
            (before, twoBefore) = (length, before);
        }
    }

    /// <summary>Makes sure that the lengths cover the image.</summary>
    /// <exception cref="InvalidDataException">They add up to less.</exception>
    public readonly void End()
    {
        if (position != canvas.Pixels)
            throw new InvalidDataException($"its run lengths add up to {position} pixels, but its image has {canvas.Pixels}");
    }
}
