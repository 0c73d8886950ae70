using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;
using Sunet.Native.Tensors;

namespace Sunet.Data.Datasets.Checking;

/// <summary>Decodes samples one by one, collecting what is wrong with them and how many pixels each class has.</summary>
internal sealed class SampleCheck(int classes, long pixelCap)
{
    private readonly SampleBuffers buffers = new();
    private readonly long[] pixels = new long[256];

    /// <summary>What is wrong so far.</summary>
    public List<DatasetFinding> Findings { get; } = [];

    /// <summary>The pixels of each class so far.</summary>
    public long[] ClassPixels => pixels[..classes];

    /// <summary>The pixels labelled 255 so far.</summary>
    public long IgnoredPixels => pixels[LabelFile.IgnoreLabel];

    /// <summary>The images so far that are stored otherwise than they are shown, and have been turned by their EXIF orientation.</summary>
    public int TurnedImages { get; private set; }

    /// <summary>Checks one sample.</summary>
    /// <returns>Its labels, until the next check; null where they cannot be read or do not fit the image or the classes.</returns>
    public Memory2D<byte>? Check(SegmentationItem item)
    {
        Memory2D<Rgb>? image = CheckImage(item.ImagePath);
        Memory2D<byte>? labels = Labels(item);
        if (labels is not { } map)
            return null;
        string? mismatch = image is { } decoded
            ? SampleProblem.SizeMismatch(item, decoded.Span, map.Span, buffers.Scratch.Orientation)
            : null;
        string? outOfRange = SampleProblem.LabelOutOfRange(item, map.Span, classes);
        Report(item.LabelPath, mismatch);
        Report(item.LabelPath, outOfRange);
        foreach (byte label in map.Span)
            pixels[label]++;
        return mismatch is null && outOfRange is null ? labels : null;
    }

    /// <summary>Checks one image alone.</summary>
    /// <returns>The image, until the next check; null where it does not decode.</returns>
    public Memory2D<Rgb>? CheckImage(string path)
    {
        try
        {
            ReadOnlySpan<byte> file = buffers.Scratch.ReadFile(path);
            ImageFormat content = ImageFormats.Detect(file), name = ImageFormats.FromName(path);
            if (content != ImageFormat.Unknown && content != name)
                Report(path, SampleProblem.WrongExtension(path, content));
            Memory2D<Rgb> image = ImageFile.Decode(file, path, pixelCap, buffers.Scratch, buffers.Image);
            TurnedImages += buffers.Scratch.Orientation == 1 ? 0 : 1;
            return image;
        }
        catch (DataException failure)
        {
            Report(path, failure.Message);
            return null;
        }
    }

    private Memory2D<byte>? Labels(SegmentationItem item)
    {
        try
        {
            return item.Labels.Load(item.LabelPath, pixelCap, buffers);
        }
        catch (DataException failure)
        {
            Report(item.LabelPath, failure.Message);
            return null;
        }
    }

    private void Report(string path, string? problem)
    {
        if (problem is not null)
            Findings.Add(new DatasetFinding(path, problem));
    }
}
