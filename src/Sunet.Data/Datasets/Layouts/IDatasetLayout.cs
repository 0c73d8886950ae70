using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>How a kind of data set lies on disk.</summary>
internal interface IDatasetLayout
{
    /// <summary>The data set's folder.</summary>
    string Root { get; }

    /// <summary>The classes' names by index; known at the latest when a split has been listed.</summary>
    IReadOnlyList<string> ClassNames { get; }

    /// <summary>The colours of its classes, for masks that have colours in place of indices; null where none are known.</summary>
    LabelMap? Colours => null;

    /// <summary>What a user should know of the layout as a whole and is no defect, a sentence each.</summary>
    IReadOnlyList<string> Notes => [];

    /// <summary>The splits it has, in a stable order.</summary>
    /// <exception cref="DataException">They cannot be listed.</exception>
    IReadOnlyList<string> Splits { get; }

    /// <summary>Finds a split's files without decoding any; reports what is missing instead of throwing.</summary>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    SplitListing List(string split, CancellationToken cancellation);

    /// <summary>The folders of images and those of label files that belong to them, for finding strays.</summary>
    IEnumerable<LabelFolder> Folders();
}
