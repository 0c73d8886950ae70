namespace Sunet.Data.Datasets.Layouts;

/// <summary>The folders of a split, absolute.</summary>
/// <param name="Split">Such as <c>train</c>.</param>
/// <param name="Images">The folder of images.</param>
/// <param name="Masks">The folder of masks, which need not be there.</param>
internal sealed record SplitFolders(string Split, string Images, string Masks);
