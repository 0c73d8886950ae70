using Sunet.Native.Models;
using Sunet.Native.Models.Networks;

namespace Sunet.Bench.Guard.Throughput;

/// <summary>
/// The bars of everything around the network: streams of images, scales, sizes, files, the loader. Slack is what a shared machine with two
/// cores was seen to add.
/// </summary>
internal static class ThroughputChecks
{
    private const string Group = "throughput";
    private const double Percent = 100;

    /// <summary>All of them, in the order they run.</summary>
    public static IReadOnlyList<Check> All { get; } =
    [
        Stream(side: 128, images: 64, atLeast: 1.15),
        Stream(side: 256, images: 24, atLeast: 1),
        Stream(side: 512, images: 8, atLeast: 1),
        new(new Bar(Group, "sunet64, four scales and mirror images of 512 x 512 / their eight networks alone", 1.06, 0.05),
            Streams.ScalesToNetworks),
        new(new Bar(Group, "sunet64, the same / the largest scale alone: bytes", 1.3, 0), _ => Streams.BytesOfScalesToOne()),
        new(new Bar(Group, "sunet64, 120 images of 120 sizes / of one size", 1.5, 0.05), Streams.SizesToOneSize),

        // The runtime compiles what runs often once more, in some thousands of images; after that nothing grows.
        new(new Bar(Group, "10,000 images in a stream: resident memory after the first hundred grows by", 8, 0.1, Unit: "MB"),
            w => Streams.GrowthOfManyImages(w)?.Megabytes),
        new(new Bar(Group, "10,000 images in a stream: managed allocations of an image", 0, 0, Unit: "bytes"),
            w => Streams.GrowthOfManyImages(w)?.Allocated),
        new(new Bar(Group, "sunet64, predict --no-overlay, images/s / of the network's best", 0.9, 0.05, AtLeast: true),
            w => Files.ToNetwork(w, Files.Predict)),
        new(new Bar(Group, "sunet64, val, images/s / of the network's best", 0.9, 0.05, AtLeast: true),
            w => Files.ToNetwork(w, Files.Val)),
        new(new Bar(Group, "sunet64, predict --no-overlay: use of the processors", 95, 0.02, AtLeast: true, Unit: "%"),
            w => Percent * Files.UseOfProcessors(w, Files.Predict)),
        new(new Bar(Group, "sunet64, val: use of the processors", 95, 0.02, AtLeast: true, Unit: "%"),
            w => Percent * Files.UseOfProcessors(w, Files.Val)),
        new(new Bar(Group, "small network, predict --no-overlay, images/s / of what its parts allow", 0.85, 0.05, AtLeast: true),
            w => Files.ToParts(w, overlay: false)),
        new(new Bar(Group, "small network, predict, images/s / of what its parts allow", 0.85, 0.05, AtLeast: true),
            w => Files.ToParts(w, overlay: true)),
        new(new Bar(Group, "sunet64, 64 requests of 256 x 256 at a time, requests/s / images/s of SegmentMany", 0.95, 0.05, AtLeast: true),
            Service.ToStream),
        new(new Bar(Group, "sunet64, requests of 256 x 256, wait at the 99th percentile / time of a batch", 2, 0.05), Service.WaitToBatch),
        new(new Bar(Group, "loader, crop of 512 x 512 / decoding its files", 2, 0.1), Files.LoaderToDecoding),
    ];

    /// <summary>A network of some 2 ms, beside which files take longest.</summary>
    public static SunetModel SmallModel { get; } = SunetModel.Create(new SunetSpec
    {
        Config = new SunetConfig("custom", 8, 1, [16, 24, 32, 40]) { StemWidth = 8, ResidualWidth = 16 },
        Head = SunetHead.Segmenter,
        Classes = GuardFixture.Classes,
        OutputStride = 16,
    });

    private static Check Stream(int side, int images, double atLeast) => new(
        new Bar(Group, $"sunet64, {side} x {side}, SegmentMany / Segment, images/s", atLeast, 0.05, AtLeast: true),
        w => Streams.ToLoop(w, side, images));
}
