namespace Sunet.Data.Datasets.Layouts;

/// <summary>What the files of a folder are.</summary>
internal enum FolderRole
{
    /// <summary>The folder's name does not tell.</summary>
    Unknown,

    /// <summary>Images.</summary>
    Images,

    /// <summary>Masks.</summary>
    Masks,
}
