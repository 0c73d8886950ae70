namespace Sunet.Data.Augmentation;

/// <summary>
/// How a sample for classification is made from an image: for training a crop of random area and shape, resized, mirrored and changed in
/// colour; for measuring the centre. The defaults are those of fb.resnet.torch, the augmentation of ResNet and DenseNet that the paper
/// trains SUNet with.
/// </summary>
/// <param name="CropHeight">The sample's height.</param>
/// <param name="CropWidth">The sample's width.</param>
/// <remarks>
/// Images are resized with a triangle filter as wide as the reduction, as Pillow's and torchvision's antialiased bilinear filter is, in
/// floating point. JPEG files reduced to half or less are decoded at 1/2, 1/4 or 1/8 of their size first.
/// </remarks>
public sealed record ClassificationAugmentation(int CropHeight = 224, int CropWidth = 224)
{
    private const double CentreShare = 0.875;

    /// <summary>
    /// False: the image resized so that its short side is <see cref="ResizeShortSide"/>, and the centre of that; all other settings are
    /// ignored.
    /// </summary>
    public bool Enabled { get; init; } = true;

    /// <summary>The smallest share of the image's area that a crop has; drawn uniformly up to <see cref="AreaMax"/>.</summary>
    public double AreaMin { get; init; } = 0.08;

    /// <summary>The largest share of the image's area that a crop has.</summary>
    public double AreaMax { get; init; } = 1;

    /// <summary>The smallest width over height; its logarithm is drawn uniformly, up to that of <see cref="RatioMax"/>.</summary>
    public double RatioMin { get; init; } = 3.0 / 4;

    /// <summary>The largest width over height of a crop.</summary>
    public double RatioMax { get; init; } = 4.0 / 3;

    /// <summary>Whether half of the samples are mirrored left to right.</summary>
    public bool Flip { get; init; } = true;

    /// <summary>
    /// Brightness, contrast and saturation change by a factor within 1 minus and 1 plus this, in random order; 0 leaves them.
    /// </summary>
    public double ColorJitter { get; init; } = 0.4;

    /// <summary>
    /// The deviation of the random steps along the principal components of ImageNet's colours (Krizhevsky et al., 2012, section 4.1); 0
    /// leaves the light as it is.
    /// </summary>
    public double Lighting { get; init; } = 0.1;

    /// <summary>The short side that an image is resized to for measuring; 256 for a crop of 224.</summary>
    public int ResizeShortSide { get; init; } = (int)Math.Round(Math.Max(CropHeight, CropWidth) / CentreShare);

    /// <summary>Makes sure that every value is usable.</summary>
    /// <exception cref="ConfigurationException">One is out of range.</exception>
    public void Validate()
    {
        if (CropHeight is < 1 or > 16384 || CropWidth is < 1 or > 16384)
            throw new ConfigurationException($"A crop of {CropWidth} x {CropHeight} is out of range: each side is 1 to 16384.");
        if (!(AreaMin > 0 && AreaMin <= AreaMax && AreaMax <= 1))
            throw new ConfigurationException($"Areas from {AreaMin} to {AreaMax} are out of range: 0 < AreaMin <= AreaMax <= 1.");
        if (!(RatioMin >= 0.01 && RatioMin <= RatioMax && RatioMax <= 100))
        {
            throw new ConfigurationException(
                $"Ratios from {RatioMin} to {RatioMax} are out of range: 0.01 <= RatioMin <= RatioMax <= 100.");
        }

        if (!(ColorJitter is >= 0 and <= 1))
            throw new ConfigurationException($"A colour jitter of {ColorJitter} is out of range: 0 to 1.");
        if (!(Lighting is >= 0 and <= 10))
            throw new ConfigurationException($"A lighting of {Lighting} is out of range: 0 to 10.");
        if (ResizeShortSide < Math.Max(CropHeight, CropWidth) || ResizeShortSide > 32768)
        {
            throw new ConfigurationException(
                $"A short side of {ResizeShortSide} is out of range: the crop of {CropWidth} x {CropHeight} comes out of it, "
                + "and it is at most 32768.");
        }
    }
}
