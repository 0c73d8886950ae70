namespace Sunet.Data.Datasets;

/// <summary>What the labels of a data set belong to.</summary>
internal enum DatasetKind
{
    /// <summary>A class a pixel: <see cref="Reading.DatasetReader.Open(string, string, CancellationToken)"/>.</summary>
    Segmentation,

    /// <summary>A class an image: <see cref="Reading.DatasetReader.OpenClassification"/>.</summary>
    Classification,
}
