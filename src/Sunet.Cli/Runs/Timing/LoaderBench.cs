using System.Diagnostics;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Cli.Settings;
using Sunet.Data.Augmentation;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native;

namespace Sunet.Cli.Runs.Timing;

/// <summary>Times how quickly a data set is decoded and cropped as for training, without any network.</summary>
internal static class LoaderBench
{
    private const double Mega = 1e6;
    private static readonly string[] Used = ["data", "workers", "decode-memory", "pixel-cap", "imgsz", "batch", "iters", "warmup", "json"];

    /// <summary>The settings of the loader.</summary>
    public static IReadOnlyList<Setting> Settings { get; } =
    [
        Setting.Value("data", "a data set whose loading is timed, in place of a model"),
        Setting.Value("workers", "with --data: threads that load data (default: half of the processors)"),
        DecodingSettings.Memory with { Help = "with --data: " + DecodingSettings.Memory.Help },
        DecodingSettings.PixelCap with { Help = "with --data: " + DecodingSettings.PixelCap.Help },
    ];

    /// <summary>Whether the loader is to be timed rather than a model.</summary>
    /// <exception cref="ConfigurationException">What is given belongs to both.</exception>
    public static bool IsWanted(SettingValues values)
    {
        if (!values.IsGiven("data"))
        {
            return Settings.FirstOrDefault(s => values.IsGiven(s.Name)) is { } idle
                ? throw new ConfigurationException($"'--{idle.Name}' is for loading data; give a data set with '--data' or leave it out.")
                : false;
        }

        return values.Given.FirstOrDefault(name => !Used.Contains(name)) is { } other
            ? throw new ConfigurationException($"'--data' times the loader without a model; leave out '--{other}'.")
            : true;
    }

    /// <summary>Times and prints.</summary>
    /// <exception cref="SunetException">The data cannot be read.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        int batch = values.Int("batch", 1), warmUp = values.Int("warmup", 1), count = values.Int("iters", 1);
        int workers = values.IsGiven("workers") ? values.Int("workers", 1) : LoaderSettings.DefaultWorkers;
        using BatchLoader loader = Open(values, batch, cancellation);
        long index = 0;
        for (; index < warmUp; index++)
            loader.Return(loader.Read(index, cancellation));

        // Batches are prepared ahead, so that samples made are counted and not batches read.
        LoaderWork before = loader.Work;
        TimeSpan cpuBefore = Environment.CpuUsage.TotalTime;
        long start = Stopwatch.GetTimestamp();
        for (; index < (long)warmUp + count; index++)
            loader.Return(loader.Read(index, cancellation));
        var timing = new LoaderTiming(
            loader.Work.Since(before), Stopwatch.GetElapsedTime(start), Environment.CpuUsage.TotalTime - cpuBefore);

        string what = $"batches of {loader.ImageShape} with {workers} {(workers == 1 ? "worker" : "workers")}";
        if (values.Flag("json"))
            output.Json(json => Write(json, values.Text("data"), loader.ImageShape.ToString(), workers, timing));
        else
            Print(output, what, timing);
    }

    private static BatchLoader Open(SettingValues values, int batch, CancellationToken cancellation)
    {
        string path = values.Text("data");
        (int height, int width) = values.Size("imgsz");
        if (DatasetReader.KindOf(path) == DatasetKind.Classification)
        {
            var crops = new ClassificationLoaderSettings(batch, new ClassificationAugmentation(height, width));
            return new BatchLoader(DatasetReader.OpenClassification(path, "train", cancellation), DecodingSettings.Apply(values, crops));
        }

        var settings = new BatchLoaderSettings(batch, new AugmentationSettings(height, width));
        return new BatchLoader(DatasetReader.Open(path, "train", cancellation), DecodingSettings.Apply(values, settings));
    }

    private static void Print(CommandOutput output, string what, LoaderTiming timing)
    {
        var table = new TextTable(">images/s", ">images/s per core", ">MB/s", ">decode %", ">warp %");
        table.Add(Numbers.Fixed(timing.ImagesPerSecond, 1), Numbers.Fixed(timing.ImagesPerCoreSecond, 1),
            Numbers.Fixed(timing.BytesPerSecond / Mega, 1), Numbers.Percent(timing.DecodeShare), Numbers.Percent(1 - timing.DecodeShare));
        output.Table(table);
        output.Result($"{Counted.Text(timing.Work.Samples, "images")} in {what}; per core: in a second of processor time; MB: of files");
    }

    private static void Write(Utf8JsonWriter json, string data, string shape, int workers, LoaderTiming timing)
    {
        json.WriteString("data", data);
        json.WriteString("batch", shape);
        json.WriteNumber("workers", workers);
        json.WriteNumber("images", timing.Work.Samples);
        json.WriteFinite("images_per_s", timing.ImagesPerSecond);
        json.WriteFinite("images_per_core_s", timing.ImagesPerCoreSecond);
        json.WriteFinite("mb_per_s", timing.BytesPerSecond / Mega);
        json.WritePercent("decode_percent", timing.DecodeShare);
        json.WritePercent("warp_percent", 1 - timing.DecodeShare);
        timing.Stages.Write(json);
        json.WriteString("cpu", SystemFacts.Cpu);
        json.WriteString("version", SystemFacts.Version);
    }

    /// <summary>What the workers did in a window of time.</summary>
    private readonly record struct LoaderTiming(LoaderWork Work, TimeSpan Elapsed, TimeSpan Processor)
    {
        public double ImagesPerSecond => Work.Samples / Elapsed.TotalSeconds;

        public double ImagesPerCoreSecond => Work.Samples / Processor.TotalSeconds;

        public double BytesPerSecond => Work.BytesRead / Elapsed.TotalSeconds;

        /// <summary>Nothing waits for the loader's batches, so that its own work is the limit all the time.</summary>
        public StageTimes Stages => new([("decode", Work.Decoding), ("warp", Work.Resampling)]);

        public double DecodeShare => Work.Decoding / (Work.Decoding + Work.Resampling);
    }
}
