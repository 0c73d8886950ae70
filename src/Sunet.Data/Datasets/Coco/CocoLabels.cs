using CommunityToolkit.HighPerformance;
using Microsoft.Win32.SafeHandles;
using Sunet.Data.Datasets.Labels;
using Sunet.Data.Images;
using Sunet.Native.Files;

namespace Sunet.Data.Datasets.Coco;

/// <summary>Draws an image's labels from its outlines, which are read from the annotation file anew each time.</summary>
/// <param name="split">The images.</param>
/// <param name="image">Which of them.</param>
internal sealed class CocoLabels(CocoSplit split, int image) : ILabelReader
{
    private CocoImage Image => split.Images[image];

    /// <inheritdoc/>
    public Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers)
    {
        var (id, _, height, width) = Image;
        long cap = Math.Min(pixelCap, Array.MaxLength / 4);
        if ((long)height * width > cap)
        {
            throw new DataException(
                $"{Describe(path)} is {width} x {height} pixels, above the cap of {cap}; raise the cap if the file can be trusted.",
                split.Path);
        }

        CocoBuffers drawing = buffers.MemoryOf<CocoBuffers>();
        drawing.Canvas.BeginImage(height, width);
        try
        {
            using SafeFileHandle file = RegularFile.OpenHandle(split.Path, FileOptions.RandomAccess);
            if (RandomAccess.GetLength(file) != split.Length)
                throw new DataException($"'{split.Path}' was changed since the data set was opened; open it again.", split.Path);
            foreach (CocoObject found in split.Objects(image))
                Draw(found, id, file, drawing);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DataException($"'{split.Path}' cannot be read: {failure.Message}", split.Path, failure);
        }

        Memory2D<byte> labels = buffers.Labels.Reserve(height, width);
        drawing.Canvas.CopyTo(labels.Span);
        return labels;
    }

    /// <inheritdoc/>
    public (int Height, int Width)? ReadSize(string path) => (Image.Height, Image.Width);

    /// <inheritdoc/>
    public string Describe(string path) => $"Image {Image.Id} of '{split.Path}'";

    private void Draw(in CocoObject found, long id, SafeFileHandle file, CocoBuffers buffers)
    {
        try
        {
            Span<byte> outline = buffers.Reserve(found.Outline.Length);
            for (int read = 0; read < outline.Length;)
            {
                int count = RandomAccess.Read(file, outline[read..], found.Outline.Offset + read);
                if (count == 0)
                    throw new InvalidDataException("its segmentation lies beyond the end of the file");
                read += count;
            }

            buffers.Canvas.BeginObject();
            buffers.Decoder.Decode(outline);
            buffers.Canvas.EndObject(found.Label);
        }
        catch (InvalidDataException failure)
        {
            throw new DataException(
                $"'{split.Path}' has a broken annotation {found.AnnotationId} of image {id}: {failure.Message}.", split.Path, failure);
        }
    }
}
