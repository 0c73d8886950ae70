using Sunet.Data.Images;
using Sunet.Data.Tests;

namespace Sunet.Mutation.Tests.Subjects;

/// <summary>Photographs and label maps.</summary>
internal static class ImageSubjects
{
    // The largest image that is read without being asked for: 67 million pixels of RGBA and of RGB.
    private const int LargestImage = 600;

    /// <summary>32 x 24 pixels in ten scans.</summary>
    private const string ProgressiveJpeg =
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAYEBQYFBAYGBQYHBwYIChAKCgkJChQODwwQFxQYGBcUFhYaHSUfGhsjHBYWICwgIyYnKSopGR8tMC0oMCUoKSj/2wBDAQcH"
        + "BwoIChMKChMoGhYaKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCgoKCj/wgARCAAYACADASIAAhEBAxEB/8QAFwABAQEBAAAAAAAA"
        + "AAAAAAAABAUAB//EABgBAAIDAAAAAAAAAAAAAAAAAAMGAQQH/9oADAMBAAIQAxAAAAHn76dCBy6FN5mEj9qedPfsZi//xAAWEAADAAAAAAAAAAAAAAAAAAAAAgP/2gAI"
        + "AQEAAQUCSQkhJCREiJISIkhIiSEiJI//xAAXEQEBAQEAAAAAAAAAAAAAAAAEAAID/9oACAEDAQE/ATMjMjddRuur/8QAFhEBAQEAAAAAAAAAAAAAAAAAAQAC/9oACAEC"
        + "AQE/ATUahhv/xAAUEAEAAAAAAAAAAAAAAAAAAAAw/9oACAEBAAY/Ak//xAAVEAEBAAAAAAAAAAAAAAAAAAAAYf/aAAgBAQABPyGKKKCCKCKCKCL/2gAMAwEAAgADAAAA"
        + "EOpwfP/EABYRAQEBAAAAAAAAAAAAAAAAACEAMf/aAAgBAwEBPxDJsmIxG//EABYRAQEBAAAAAAAAAAAAAAAAAAABEP/aAAgBAgEBPxDKss//xAAVEAEBAAAAAAAAAAAA"
        + "AAAAAAAAMf/aAAgBAQABPxCZMmSJEyRMkTJEz//Z";

    public static Subject[] All { get; } =
    [
        Checked("JPEG checked", "JPEGImages/a.jpg",
            folder => ImageWriter.WriteJpeg(SoundFiles.At(folder, "JPEGImages/a.jpg"), SoundFiles.Picture())),
        Checked("JPEG progressive checked", "JPEGImages/a.jpg",
            folder => SoundFiles.Bytes(folder, "JPEGImages/a.jpg", Convert.FromBase64String(ProgressiveJpeg))),
        Checked("PNG checked", "JPEGImages/a.png", folder =>
        {
            File.Delete(Path.Combine(folder, "JPEGImages/a.jpg"));
            ImageWriter.WritePng(SoundFiles.At(folder, "JPEGImages/a.png"), SoundFiles.Picture());
        }, Checksums.RepairPng),
        Other("BMP", ".bmp", TestImages.Bmp(SoundFiles.Picture())),
        Other("WebP", ".webp", TestImages.Webp(SoundFiles.Picture())),
        Other("GIF", ".gif", TestImages.Gif),
        Checked("label PNG checked", "SegmentationClass/a.png",
            folder => IndexPngWriter.Write(SoundFiles.At(folder, "SegmentationClass/a.png"), SoundFiles.Labels()), Checksums.RepairPng),
        Checked("label PNG of 2 bits checked", "SegmentationClass/a.png",
            folder => SoundFiles.Bytes(folder, "SegmentationClass/a.png", TestPng.Indexed(SoundFiles.Labels(), 2, 0))),
        Predicted("JPEG predicted", "a.jpg", path => ImageWriter.WriteJpeg(path, SoundFiles.Picture())),
        Predicted("JPEG progressive predicted", "a.jpg", path => File.WriteAllBytes(path, Convert.FromBase64String(ProgressiveJpeg))),
        Predicted("PNG predicted", "a.png", path => ImageWriter.WritePng(path, SoundFiles.Picture()), Checksums.RepairPng),
    ];

    private static Subject Checked(string name, string file, Action<string> write, Func<byte[], byte[]>? repair = null) => new(
        name,
        folder =>
        {
            SoundFiles.Voc(folder);
            write(folder);
            return Path.Combine(folder, file);
        },
        folder => ["data", "check", folder, "--quiet"])
    {
        Weight = 2,
        Megabytes = LargestImage,
        Repair = repair ?? (bytes => bytes),
    };

    private static Subject Other(string name, string extension, byte[] file) =>
        Checked(name + " checked", "JPEGImages/a" + extension, folder =>
    {
        File.Delete(Path.Combine(folder, "JPEGImages/a.jpg"));
        SoundFiles.Bytes(folder, "JPEGImages/a" + extension, file);
        if (extension == ".gif")
            IndexPngWriter.Write(SoundFiles.At(folder, "SegmentationClass/a.png"), SoundFiles.Labels(2, 2));
    });

    private static Subject Predicted(string name, string file, Action<string> write, Func<byte[], byte[]>? repair = null) => new(
        name,
        folder =>
        {
            SoundFiles.Weights(folder);
            string path = Path.Combine(folder, file);
            write(path);
            return path;
        },
        folder =>
        [
            "predict", "--weights", Path.Combine(folder, "weights.safetensors"),
            "--source", Path.Combine(folder, file), "--project", folder,
            "--exist-ok", "--threads", "1", "--quiet",
        ])
    {
        Weight = 0.3,
        Megabytes = 2 * LargestImage,
        Repair = repair ?? (bytes => bytes),
    };
}
