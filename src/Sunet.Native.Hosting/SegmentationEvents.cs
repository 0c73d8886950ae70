using Microsoft.Extensions.Logging;

namespace Sunet.Native.Hosting;

/// <summary>What a <see cref="SegmentationService"/> logs, under its full name as the category. The numbers stay as they are.</summary>
public static partial class SegmentationEvents
{
    /// <summary>Information: the weights are loaded and the device is open.</summary>
    public const int OpenedId = 1;

    /// <summary>Information: a size was compiled ahead of its first image.</summary>
    public const int WarmedUpId = 2;

    /// <summary>Warning: one image could not be segmented; its caller has the exception, too.</summary>
    public const int ImageFailedId = 3;

    /// <summary>Critical: prediction has ended for good; all requests fail from then on.</summary>
    public const int StoppedId = 4;

    /// <summary>Information: the service was disposed.</summary>
    public const int ClosedId = 5;

    [LoggerMessage(OpenedId, LogLevel.Information, "Loaded {Weights} with {Classes} classes for {Device} in {Milliseconds:F0} ms.")]
    internal static partial void Opened(ILogger logger, string weights, int classes, string device, double milliseconds);

    [LoggerMessage(WarmedUpId, LogLevel.Information, "Images of {Height} x {Width} are ready after {Milliseconds:F0} ms.")]
    internal static partial void WarmedUp(ILogger logger, int height, int width, double milliseconds);

    [LoggerMessage(ImageFailedId, LogLevel.Warning, "An image of {Height} x {Width} could not be segmented.")]
    internal static partial void ImageFailed(ILogger logger, int height, int width, Exception failure);

    [LoggerMessage(StoppedId, LogLevel.Critical, "Segmentation has stopped; every further request fails.")]
    internal static partial void Stopped(ILogger logger, Exception failure);

    [LoggerMessage(ClosedId, LogLevel.Information, "Closed after {Images} images, of which {Failed} failed.")]
    internal static partial void Closed(ILogger logger, long images, long failed);
}
