using Sunet.Data.Datasets.Reading;

namespace Sunet.Data.Datasets;

/// <summary>What the labels of a data set belong to.</summary>
internal enum DatasetKind
{
    /// <summary>A class a pixel: <see cref="DatasetReader.Open(string, string, CancellationToken)"/>.</summary>
    Segmentation,

    /// <summary>A class an image: <see cref="DatasetReader.OpenClassification"/>.</summary>
    Classification,
}
