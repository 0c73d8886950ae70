namespace Sunet.Native.Inference.Streams;

/// <summary>Memory in which a lane gathers a batch's pixels and receives its labels; it grows to the largest batch.</summary>
internal sealed class LaneRoom
{
    private byte[] pixels = [], labels = [];

    /// <summary>Room for the pixels of a batch, [N, H, W, 3].</summary>
    public Span<byte> Pixels(int bytes) => Reserve(ref pixels, bytes);

    /// <summary>Room for the labels of a batch, [N, H, W].</summary>
    public Span<byte> Labels(int bytes) => Reserve(ref labels, bytes);

    private static Span<byte> Reserve(ref byte[] room, int bytes)
    {
        if (room.Length < bytes)
            room = GC.AllocateUninitializedArray<byte>(bytes);
        return room.AsSpan(0, bytes);
    }
}
