using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sunet.Cli.Runs;
using Sunet.Cli.Runs.Timing;
using Sunet.Cli.Settings;
using Sunet.Data.Images;
using Sunet.Native;
using Sunet.Native.Backends.Cpu;
using Sunet.Native.Models;
using Sunet.Native.Models.Networks;
using Sunet.Native.Tensors;

namespace Sunet.Bench.Guard;

/// <summary>What checks work with: models and images in a temporary folder, and the console in processes of its own.</summary>
internal sealed class GuardFixture(bool quick, CancellationToken cancellation) : IDisposable
{
    /// <summary>The classes of every network.</summary>
    public const int Classes = 21;

    private const string ConsoleName = "sunet";
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);
    private readonly TemporaryFolder folder = new("sunet-guard-");
    private readonly Dictionary<string, JsonElement> results = [];
    private readonly Dictionary<string, string> outputs = [];
    private readonly Dictionary<string, FinishedProcess> fastest = [];

    /// <summary>Whether fewer repetitions and smaller images will do.</summary>
    public bool Quick => quick;

    /// <summary>Repetitions of what a median is taken of.</summary>
    public int Rounds => quick ? 3 : 15;

    /// <summary>Repetitions of what takes a second or more.</summary>
    public int FewRounds => quick ? 3 : 7;

    /// <summary>Stops between two runs.</summary>
    public CancellationToken Cancellation => cancellation;

    /// <summary>A fresh segmenter at an output stride of 16.</summary>
    public static SunetModel Model(string name) => SunetModel.Create(SunetSpec.Segmenter(name, Classes, outputStride: 16));

    /// <summary>A plan to run in this process; the caller disposes it.</summary>
    /// <param name="model">The name of a body.</param>
    /// <param name="image">[N, 3, H, W].</param>
    /// <param name="options">How the CPU is used.</param>
    /// <param name="train">Whether it is the training step.</param>
    public static BenchedPlan Plan(string model, Shape image, CpuOptions options, bool train = false) =>
        new(Model(model), image, train, new OpenDevice(new CpuBackend(options), ""));

    /// <summary>A path in the temporary folder.</summary>
    public string At(string name) => Path.Combine(folder.Path, name);

    /// <summary>A checkpoint of a fresh model.</summary>
    public string Weights(string model) => Weights(model, Model(model));

    /// <summary>A checkpoint of a model that has no name in the library.</summary>
    public string Weights(string name, SunetModel model) => Made(name + ".safetensors", path => model.Save(path));

    /// <summary>A square image of soft colours.</summary>
    public string Image(int side) => Made(string.Create(CultureInfo.InvariantCulture, $"{side}.png"), path =>
    {
        var pixels = new Rgb[side, side];
        for (int y = 0; y < side; y++)
        {
            for (int x = 0; x < side; x++)
                pixels[y, x] = new Rgb((byte)(x >> 4), (byte)(y >> 4), (byte)((x + y) >> 5));
        }

        ImageWriter.WritePng(path, pixels);
    });

    /// <summary>What the console prints with <c>--json</c>; equal arguments are run once.</summary>
    /// <exception cref="SunetException">It fails.</exception>
    public JsonElement Json(params string[] arguments)
    {
        string key = string.Join(' ', arguments);
        if (!results.TryGetValue(key, out JsonElement result))
        {
            using JsonDocument parsed = JsonDocument.Parse(Run(ConsoleName, [.. arguments, "--json"]).Output);
            results.Add(key, result = parsed.RootElement.Clone());
        }

        return result;
    }

    /// <summary>The most memory the console ever has, in bytes; null where the system does not tell.</summary>
    /// <exception cref="SunetException">It fails.</exception>
    public long? Peak(params string[] arguments) => Run(ConsoleName, arguments).PeakBytes;

    /// <summary>Runs the console.</summary>
    /// <exception cref="SunetException">It fails.</exception>
    public FinishedProcess Console(params string[] arguments) => Run(ConsoleName, arguments);

    /// <summary>The quicker of two runs of the console; equal arguments are run no more.</summary>
    /// <exception cref="SunetException">It fails.</exception>
    public FinishedProcess Fastest(params string[] arguments)
    {
        string key = string.Join(' ', arguments);
        if (!fastest.TryGetValue(key, out FinishedProcess? run))
        {
            run = Enumerable.Range(0, quick ? 1 : 2).Select(_ => Run(ConsoleName, arguments)).MinBy(r => r.Elapsed)!;
            fastest.Add(key, run);
        }

        return run;
    }

    /// <summary>What this program prints when it is started again; equal arguments are run once.</summary>
    /// <exception cref="SunetException">It fails.</exception>
    public string Again(params string[] arguments)
    {
        string key = string.Join(' ', arguments);
        if (!outputs.TryGetValue(key, out string? output))
            outputs.Add(key, output = Run("Sunet.Bench", arguments).Output.Trim());
        return output;
    }

    public void Dispose() => folder.Dispose();

    private string Made(string name, Action<string> make)
    {
        string path = At(name);
        if (!File.Exists(path))
            make(path);
        return path;
    }

    private FinishedProcess Run(string name, string[] arguments)
    {
        cancellation.ThrowIfCancellationRequested();
        string program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? name + ".exe" : name);
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        long started = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(CancellationToken.None);
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);

        // The system keeps peak and times as long as the process lives, and its last milliseconds only give memory back.
        long? peak = null;
        TimeSpan processor = default;
        while (!process.WaitForExit(PollInterval))
        {
            peak = ResidentMemory.PeakOf(process.Id) ?? peak;
            processor = ProcessorTime(process) ?? processor;
            if (cancellation.IsCancellationRequested)
                process.Kill();
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        cancellation.ThrowIfCancellationRequested();
        return process.ExitCode == 0
            ? new FinishedProcess(output.Result, peak, elapsed, processor)
            : throw new ConfigurationException($"'{name} {string.Join(' ', arguments)}' failed: {errors.Result.Trim()}");
    }

    private static TimeSpan? ProcessorTime(Process process)
    {
        try
        {
            return process.TotalProcessorTime;
        }
        catch (Exception e) when (e is InvalidOperationException or Win32Exception)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
