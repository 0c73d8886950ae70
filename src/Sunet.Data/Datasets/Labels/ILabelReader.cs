using CommunityToolkit.HighPerformance;
using Sunet.Data.Images;

namespace Sunet.Data.Datasets.Labels;

/// <summary>Turns what a layout stores for an image into a label map of the data set's own class indices.</summary>
internal interface ILabelReader
{
    /// <summary>Reads an image's labels: indices below the class count, or 255 for ignore. Valid until the buffers' next use.</summary>
    /// <param name="path">The file the labels come from.</param>
    /// <param name="pixelCap">Larger label maps are refused.</param>
    /// <param name="buffers">The calling thread's own.</param>
    /// <returns>[H, W].</returns>
    /// <exception cref="DataException">The file cannot be read or is damaged; the message names it.</exception>
    Memory2D<byte> Load(string path, long pixelCap, SampleBuffers buffers);

    /// <summary>The map's size without decoding it; null where that cannot be told, and loading it tells why.</summary>
    /// <param name="path">The file the labels come from.</param>
    (int Height, int Width)? ReadSize(string path);

    /// <summary>Whether the labels are masks, which may have colours in place of indices.</summary>
    bool MayBeColours => false;

    /// <summary>What a message calls the labels, as the beginning of a sentence.</summary>
    /// <param name="path">The file the labels come from.</param>
    string Describe(string path) => $"'{path}'";
}
