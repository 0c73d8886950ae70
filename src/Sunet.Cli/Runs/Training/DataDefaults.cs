using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Native.Backends;
using Sunet.Native.Compilation;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Cli.Runs.Training;

/// <summary>
/// The settings of a segmenter that is trained from nothing, scaled to its data: those of the recipe 'small', with crops, batches and
/// updates that follow from the size and number of the images. What is given by other means stays as it is given.
/// </summary>
internal static class DataDefaults
{
    // Thin parts of small images vanish where they are scaled down, so those are kept whole, near their own scale and in finer features.
    // A small network learns them as well in a fraction of the time.
    private const int SmallImage = 256;
    private const double CroppedPart = 2.0 / 3;
    private const int CropMultiple = 16, LargestCrop = 512;

    private const int UsualBatch = 4, Passes = 55, FewestUpdates = 1500, MostUpdates = 40_000, Validations = 20;
    private const int LongestWarmUp = 200, WarmUpPart = 10;
    private const double UsualRate = 0.05, LeastRateFactor = 0.25, MostRateFactor = 2;
    private const int RateDecimals = 6;

    private const int BytesOfPixel = 4;
    private const long Mebibyte = 1 << 20, LargestCache = 1024 * Mebibyte;
    private const int MemoryPartOfCache = 8, MemoryTenths = 9;

    /// <summary>Whether a training chooses by its data: a segmenter that begins with neither weights nor a recipe.</summary>
    public static bool Apply(SettingValues values, SunetHead head, Recipe? recipe) =>
        head == SunetHead.Segmenter && recipe is null && !values.IsGiven("weights");

    /// <summary>Settings, and below them those that are chosen by the data.</summary>
    /// <param name="values">The settings of the run.</param>
    /// <param name="data">The images to train on.</param>
    /// <param name="device">Where the run trains; batches are divided until their plan fits into its memory.</param>
    /// <param name="cancellation">Stops planning.</param>
    /// <exception cref="Sunet.Native.SunetException">A setting that is given is out of range.</exception>
    public static SettingValues Under(SettingValues values, SegmentationDataset data, OpenDevice device, CancellationToken cancellation)
    {
        (int height, int width) = Calibration.UsualSize(data);
        bool isSmall = Math.Min(height, width) < SmallImage;
        var chosen = new Dictionary<string, string>
        {
            ["output-stride"] = isSmall ? "8" : "16",
            ["imgsz"] = isSmall ? Size(height, width) : Size(Crop(height), Crop(width)),
            ["momentum"] = "0.9",
            ["nesterov"] = Setting.On,
            ["weight-decay"] = "0.0005",
            ["bn-momentum"] = "0.05",
            ["scale-min"] = isSmall ? "0.8" : "0.6",
            ["scale-max"] = isSmall ? "1.25" : "1.6",
            ["rotation"] = "5",
            ["cache"] = Text(CacheMebibytes(data.Items.Count, height, width)),
        };
        if (!ModelSettings.HasBody(values))
            chosen["model"] = isSmall ? ModelSettings.Tiny : SunetConfig.Sunet64.Name;
        values = values.Over(chosen, SettingSource.Data);
        values = values.Over(Batches(values, data, device, cancellation), SettingSource.Data);
        return values.Over(Lengths(values, data.Items.Count), SettingSource.Data);
    }

    /// <summary>What was chosen and by what, in three lines.</summary>
    /// <param name="values">The settings, with those chosen.</param>
    /// <param name="data">The images to train on.</param>
    public static IEnumerable<string> Describe(SettingValues values, SegmentationDataset data)
    {
        (int height, int width) = Calibration.UsualSize(data);
        string steps = values.IsGiven("iters") ? $"{values.Text("iters")} updates" : $"{values.Text("epochs")} epochs";
        string accumulated = values.Text("accumulate") == "1" ? "" : $", {values.Text("accumulate")} batches an update";
        yield return $"chosen for {data.Items.Count} images of {Size(height, width)}, from nothing (any option changes its part):";
        yield return $"  {values.Text("model")}, output stride {values.Text("output-stride")}, crops {values.Text("imgsz")}, "
            + $"batch {values.Text("batch")}{accumulated}, scale {values.Text("scale-min")} to {values.Text("scale-max")}";
        string every = values.Text("val-every") == "1" ? "each epoch" : $"every {values.Text("val-every")} epochs";
        yield return $"  {steps}, learning rate {values.Text("lr")}, schedule {values.Text("schedule")}, "
            + $"weight decay {values.Text("weight-decay")}, validated after {every}";
    }

    /// <summary>Images in a batch, and how many batches make an update where the device has no memory for a whole one.</summary>
    private static Dictionary<string, string> Batches(
        SettingValues values, SegmentationDataset data, OpenDevice device, CancellationToken cancellation)
    {
        if (values.IsGiven("batch") || values.IsGiven("accumulate"))
            return [];
        int batch = Math.Min(UsualBatch, data.Items.Count), parts = 1;
        SunetSpec spec = ModelSettings.Segmenter(values, data.ClassNames);
        (int height, int width) = values.Size("imgsz");
        while (batch / parts > 1 && MemoryOf(batch / parts) > device.MemoryBytes / 10 * MemoryTenths)
            parts *= 2;
        return new() { ["batch"] = Text(batch / parts), ["accumulate"] = Text(parts) };

        long MemoryOf(int images)
        {
            SunetGraph network =
                SunetGraph.ForTraining(spec, new Shape(images, 3, height, width), new TrainingGraphOptions { TakesBytes = true });
            return Plan.MemoryOf(network.Graph, device.Backend, PlanPurpose.Training, cancellation).TotalBytes;
        }
    }

    /// <summary>How long to train, at which rate, and how often to look.</summary>
    private static Dictionary<string, string> Lengths(SettingValues values, int images)
    {
        int batch = values.Int("batch", 1), accumulate = values.Int("accumulate", 1);
        int epoch = Math.Max(1, images / batch / accumulate);
        long updates = values.IsGiven("iters") ? values.Int("iters", 1)
            : values.IsGiven("epochs") ? (long)values.Int("epochs", 1) * epoch
            : Math.Clamp((long)Passes * epoch, FewestUpdates, MostUpdates);
        string every = Text(Math.Max(1, (long)Math.Ceiling((double)updates / epoch / Validations)));
        double factor = Math.Clamp((double)batch * accumulate / UsualBatch, LeastRateFactor, MostRateFactor);
        var chosen = new Dictionary<string, string>
        {
            ["lr"] = Numbers.Exact(Math.Round(UsualRate * factor, RateDecimals)),
            ["warmup"] = Text(Math.Min(LongestWarmUp, updates / WarmUpPart)),
            ["val-every"] = every,
            ["save-every"] = every,
        };
        if (!values.IsGiven("epochs"))
            chosen["iters"] = Text(updates);
        return chosen;
    }

    private static long CacheMebibytes(int images, int height, int width)
    {
        long needed = ((long)images * height * width * BytesOfPixel / Mebibyte) + 1;
        return needed * Mebibyte <= Math.Min(LargestCache, DeviceSettings.PhysicalMemory / MemoryPartOfCache) ? needed : 0;
    }

    private static int Crop(int side) =>
        Math.Min(LargestCrop, (int)Math.Round(CroppedPart * side / CropMultiple) * CropMultiple);

    private static string Size(int height, int width) => FormattableString.Invariant($"{height}x{width}");

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
