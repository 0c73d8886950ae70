using CommunityToolkit.HighPerformance;
using Sunet.Native.Compilation;
using Sunet.Native.Graphs;
using Sunet.Native.Tensors;

namespace Sunet.Native.Inference;

/// <summary>
/// Brings images of any layout into a plan, and labels out of it to where the caller wants them. Rows that follow each other as the network
/// takes them are used where they are; others are put together in the memory from which the backend takes them, so that they are copied
/// once.
/// </summary>
/// <param name="plan">The plan.</param>
/// <param name="image">Its input, bytes [N, H, W, 3].</param>
/// <param name="output">Its output, labels [N, H, W] if any are read.</param>
internal sealed class PlanImages(Plan plan, Value image, Value output)
{
    /// <summary>Memory of our own, for a backend that has none to show.</summary>
    private byte[] pixels = [], classes = [];

    /// <summary>Writes one image, or several below each other.</summary>
    public void Write(ImagePixels source)
    {
        if (!source.TryGetRows(out ReadOnlySpan<byte> rows))
        {
            Span<byte> staging = Staging();
            source.CopyTo(staging);
            rows = staging;
        }

        plan.Write(image, rows);
    }

    /// <summary>Where the images of a batch are put together, [N, H, W, 3]; <see cref="Write(ReadOnlySpan{byte})"/> follows.</summary>
    public Span<byte> Staging()
    {
        Span<byte> staging = plan.Staging(image);
        return staging.IsEmpty ? Reserve(ref pixels, image.Shape) : staging;
    }

    /// <summary>Writes a batch, [N, H, W, 3].</summary>
    public void Write(ReadOnlySpan<byte> rows) => plan.Write(image, rows);

    /// <summary>Reads the labels of one image, or of several below each other.</summary>
    public void Read(Span2D<byte> labels)
    {
        if (labels.TryGetSpan(out Span<byte> flat))
            plan.Read(output, flat);
        else
            Rows(Fetch(), labels.Height, labels.Width).CopyTo(labels);
    }

    /// <summary>The labels of a batch, [N, H, W], until the plan's next call.</summary>
    public ReadOnlySpan<byte> Fetch()
    {
        ReadOnlySpan<byte> fetched = plan.Fetch(output);
        if (!fetched.IsEmpty)
            return fetched;
        Span<byte> own = Reserve(ref classes, output.Shape);
        plan.Read(output, own);
        return own;
    }

    /// <summary>Rows without gaps as a map.</summary>
    public static ReadOnlySpan2D<byte> Rows(ReadOnlySpan<byte> flat, int height, int width) =>
        ReadOnlySpan2D<byte>.DangerousCreate(in flat[0], height, width, 0);

    private static Span<byte> Reserve(ref byte[] room, Shape shape)
    {
        if (room.Length == 0)
            room = HostBuffer.Array(shape);
        return room;
    }
}
