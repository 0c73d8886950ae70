using System.Diagnostics;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets;
using Sunet.Data.Datasets.Reading;
using Sunet.Data.Loading;
using Sunet.Native;
using Sunet.Native.Models;
using Sunet.Native.Training;

namespace Sunet.Cli.Runs.Training;

/// <summary>Takes the running statistics of a checkpoint anew and writes another one.</summary>
internal static class CalibrateRun
{
    private const int UsualBatches = 100;

    /// <summary>Calibrates, writes and prints.</summary>
    /// <exception cref="SunetException">A setting is wrong, or checkpoint or data are no good; nothing is written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is written.</exception>
    public static void Execute(SettingValues values, CommandOutput output, CancellationToken cancellation)
    {
        string source = values.Text("data"), weights = values.Text("weights"), path = Path.GetFullPath(values.Text("out"));
        bool quiet = values.Flag("quiet");
        using OpenDevice device = DeviceSettings.Open(values);
        SunetModel model = ModelFile.Segmenter(WeightsSettings.Load(values, output), weights, PredictionSettings.OutputStride(values));
        SegmentationDataset data = DatasetReader.Open(source, values.Text("split"), cancellation);
        (int height, int width) = values.IsGiven("imgsz") ? values.Size("imgsz") : Calibration.UsualSize(data);
        BatchLoaderSettings settings = Calibration.Loader((height, width), values.Int("batch", 1));
        using var loader = new BatchLoader(data, DecodingSettings.Apply(values, settings));
        var options = new BatchNormCalibrationOptions
        {
            Batches = values.IsGiven("iters") ? values.Int("iters", 1) : Math.Min(UsualBatches, loader.BatchesPerEpoch),
            MemoryLimit = device.MemoryLimit(),
        };
        if (!quiet)
            output.Progress(device.Line);
        output.Notes(data.Notes);
        long start = Stopwatch.GetTimestamp();
        using (ProgressLine line = output.StartProgress(options.Batches, quiet))
            Calibration.Run(model, loader, options, device.Backend, done => line.Report(done, "batches", ""), cancellation);
        StageTimes stages = StageTimes.OfLoader(loader.TimeWaiting, Stopwatch.GetElapsedTime(start));
        if (!quiet)
            output.Progress(stages.Text);

        model.Save(path);
        string images = loader.ImageShape.ToString();
        if (values.Flag("json"))
        {
            output.Json(json =>
            {
                json.WriteString("file", path);
                json.WriteNumber("batches", options.Batches);
                json.WriteString("batch", images);
                stages.Write(json);
            });
            return;
        }

        output.Result($"running statistics of {Counted.Text(options.Batches, "batches")} of {images}: {path}");
    }
}
