using Sunet.Data.Datasets.Labels;

namespace Sunet.Data.Datasets.Layouts;

/// <summary>A data set whose masks have 0 and 255 for background and its one class.</summary>
/// <param name="stored">The data set as it is stored.</param>
internal sealed class BinaryMaskLayout(IDatasetLayout stored) : IDatasetLayout
{
    /// <inheritdoc/>
    public string Root => stored.Root;

    /// <inheritdoc/>
    public IReadOnlyList<string> ClassNames => stored.ClassNames;

    /// <inheritdoc/>
    public LabelMap? Colours => stored.Colours;

    /// <inheritdoc/>
    public IReadOnlyList<string> Notes => stored.Notes;

    /// <inheritdoc/>
    public IReadOnlyList<string> Splits => stored.Splits;

    /// <inheritdoc/>
    /// <exception cref="ConfigurationException">
    /// The data set has another number of classes than two, or labels that are no PNG masks.
    /// </exception>
    public SplitListing List(string split, CancellationToken cancellation)
    {
        SplitListing listing = stored.List(split, cancellation);
        bool hasOtherLabels = listing.Items.Any(item => item.Labels is not PngLabels);
        if (listing.Items.Count > 0 && (hasOtherLabels || ClassNames.Count != 2))
        {
            string what = hasOtherLabels ? "labels that are no PNG masks" : FormattableString.Invariant($"{ClassNames.Count} classes");
            throw new ConfigurationException(
                $"'{Root}' has {what}; '--binary-masks' is for PNG masks of two classes, the first of which is background. Leave it out.");
        }

        for (int i = 0; i < listing.Items.Count; i++)
            listing.Items[i] = listing.Items[i] with { Labels = BinaryLabels.Instance };
        return listing;
    }

    /// <inheritdoc/>
    public IEnumerable<LabelFolder> Folders() => stored.Folders();
}
