using System.Globalization;
using Sunet.Cli.Output;
using Sunet.Cli.Runs.Streaming;
using Sunet.Cli.Settings;
using Sunet.Data.Datasets.Labels;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Inference;
using Sunet.Native.Models;

namespace Sunet.Cli.Runs.Prediction;

/// <summary>Segments raw frames from standard input until its end.</summary>
internal static class FrameRun
{
    /// <summary>The errno of a pipe that nobody reads from any longer.</summary>
    private const int BrokenPipe = 32;

    /// <summary>
    /// Segments every whole frame, in order. It ends quietly where nobody reads standard output any longer, as the programs of Unix do.
    /// </summary>
    /// <returns>The exit code.</returns>
    /// <exception cref="SunetException">
    /// The checkpoint is no good, standard input ends within a frame, or results cannot be written.
    /// </exception>
    public static int Execute(PredictSettings settings, FrameSettings frames, CommandOutput output, CancellationToken cancellation)
    {
        using Stream input = StandardStreams.OpenInput();
        using Stream? target = frames.Output is null ? null : StandardStreams.OpenOutput();
        using OpenDevice device = DeviceSettings.Open(settings.Values);
        using SunetModelFile model = ModelFile.OpenSegmenter(settings.Values, output, settings.OutputStride);
        string? folder = target is null ? RunFolder.Create(settings.Project, settings.Name, settings.ExistOk) : null;
        if (!settings.Quiet)
            output.Progress(device.Line);
        using var predictor = new Predictor(model, settings.Predictor, device.Backend);
        using ActivationMapper? mapper = settings.Activations ? new ActivationMapper(model, device.Backend) : null;
        using var files = new ResultFiles(predictor, mapper, settings);
        using var reader = new FrameReader(input, frames);
        FrameWriter? writer = target is null ? null : new FrameWriter(target, frames.Output!, ClassPalette.Of(model.Spec.ClassNames));
        using ProgressLine line = output.StartProgress(ProgressText.UnknownTotal, settings.Quiet);
        var totals = new FrameTotals(line);

        void Finish(PipelineImage image)
        {
            if (writer is null)
                files.Write(image, FramePath(folder!, image.Index + 1));
            else
                writer.Write(image);
            totals.Add(image);
        }

        // Frames that wait are late: one batch waits while the others run, so that every lane always has a next one.
        BatchingHint batching = files.Batching;
        if (!settings.Probabilities)
            predictor.WarmUpStream(frames.Height, frames.Width, cancellation);
        var pipeline = new ImagePipeline(files.Segment, reader.Read, Finish, parallel: writer is null)
        {
            // Frames come one after the other, and one must not wait for the next.
            Workers = 1, FlushDelay = TimeSpan.Zero, Capacity = batching.BatchSize * (batching.Concurrency + 1),
        };
        try
        {
            pipeline.Run(int.MaxValue, batching, cancellation);
        }
        catch (IOException failure) when (failure.HResult == BrokenPipe)
        {
            return ExitCodes.Success;
        }
        catch (Exception failure)
        {
            Print();
            if (failure is IOException)
                throw new DataException($"Results cannot be written to standard output: {failure.Message.TrimEnd('.')}.", inner: failure);
            throw;
        }

        Print();
        return ExitCodes.Success;

        void Print()
        {
            line.Clear();
            if (totals.Frames > 0)
                totals.Print(settings, folder, pipeline.Stages, output);
        }
    }

    /// <summary>Numbers begin at 1, as ffmpeg's do.</summary>
    private static string FramePath(string folder, int number) =>
        Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"frame_{number:D6}"));
}
