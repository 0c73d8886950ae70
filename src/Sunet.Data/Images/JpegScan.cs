namespace Sunet.Data.Images;

/// <summary>One scan of a JPEG: which coefficients of which components it codes, to which bit, and where its codes lie.</summary>
/// <param name="Components">The components' places in the frame.</param>
/// <param name="DcTables">The Huffman table for the first coefficient of each.</param>
/// <param name="AcTables">The Huffman table for the others of each.</param>
/// <param name="First">The first coefficient, from 0.</param>
/// <param name="Last">The last coefficient, to 63.</param>
/// <param name="High">The bit that was sent before; 0 in a coefficient's first scan.</param>
/// <param name="Low">The bit that is sent down to.</param>
/// <param name="RestartInterval">MCUs between two restart markers; 0 without.</param>
/// <param name="Start">Where its codes begin in the file.</param>
/// <param name="End">Where they end: the next marker that is no restart, or the end of the file.</param>
internal sealed record JpegScan(
    int[] Components, int[] DcTables, int[] AcTables, int First, int Last, int High, int Low, int RestartInterval, int Start, int End)
{
    /// <summary>The restart markers among its codes; null where they are not numbered in turn.</summary>
    public int? Restarts { get; init; }

    /// <summary>The bytes of its codes.</summary>
    public int Length => End - Start;

    /// <summary>Whether it codes the first coefficient of each block.</summary>
    public bool HasDc => First == 0;

    /// <summary>Whether it adds a bit to coefficients that were sent before.</summary>
    public bool IsRefinement => High > 0;
}
