using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Sunet.Cli.Output;
using Sunet.Cli.Settings;
using Sunet.Native;
using Sunet.Native.Backends;
using Sunet.Native.Tensors;
using Sunet.Onnx;

namespace Sunet.Cli.Runs.Timing;

/// <summary>How a contender begins in a process of its own, where nothing is loaded or warm.</summary>
/// <param name="FirstMilliseconds">From opening its file to the logits of a first prediction.</param>
/// <param name="AddedBytes">
/// By how much that raised the peak of the process's memory over what it had before; null where the system does not tell.
/// </param>
internal sealed record ColdStart(double FirstMilliseconds, long? AddedBytes)
{
    private const string First = "first_ms", Added = "added_bytes";
    private const int Starts = 3;

    /// <summary>This program; null where it does not lie in a file by itself.</summary>
    private static string? Program
    {
        get
        {
            string path = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "sunet.exe" : "sunet");
            return File.Exists(path) ? path : null;
        }
    }

    /// <summary>Is the process: loads the one contender, runs it once, and says what that took.</summary>
    /// <exception cref="SunetException">It does not load or run.</exception>
    public static void Execute(SettingValues values, CommandOutput output)
    {
        string name = values.Choice("contender", Contender.Ours, Contender.Theirs), checkpoint = values.Text("weights");
        var files = new ContenderFiles(checkpoint, CompareRun.ExportBeside(checkpoint), PlanSettings.Image(values),
            PlanSettings.Classes(values), DeviceSettings.CpuOptionsWithPrecision(values));
        (float[] pixels, float[] logits) = CompareRun.Buffers(files);
        Array.Fill(logits, float.NaN); // so that its pages are there before
        long? before = ResidentMemory.Now;
        long start = Stopwatch.GetTimestamp();
        using Contender contender = Contender.Load(name, files);
        contender.Run(pixels, logits);
        double milliseconds = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        long? added = ResidentMemory.Peak - before;
        output.Json(json =>
        {
            json.WriteNumber(First, milliseconds);
            if (added is { } bytes)
                json.WriteNumber(Added, bytes);
        });
    }

    /// <summary>The middle one of several starts, each in a new process; null where this program cannot be started again.</summary>
    /// <exception cref="BackendException">A process failed; the message has its reason.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the process has been ended.</exception>
    public static ColdStart? Measure(string contender, ContenderFiles files, CancellationToken cancellation)
    {
        if (Program is not { } program)
            return null;
        ColdStart[] starts = [.. Enumerable.Range(0, Starts).Select(_ => Once(program, contender, files, cancellation))];
        return starts.OrderBy(s => s.FirstMilliseconds).ElementAt(Starts / 2);
    }

    private static ColdStart Once(string program, string contender, ContenderFiles files, CancellationToken cancellation)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, Arguments(contender, files))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        using CancellationTokenRegistration stop = cancellation.Register(() => process.Kill());
        Task<string> errors = process.StandardError.ReadToEndAsync(CancellationToken.None);
        string result = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        cancellation.ThrowIfCancellationRequested();
        if (process.ExitCode != 0)
        {
            throw new BackendException(
                $"{contender} does not run in a process of its own: {errors.Result.ReplaceLineEndings(" ").Trim()}", OnnxSession.Library);
        }

        using JsonDocument parsed = JsonDocument.Parse(result);
        return new ColdStart(
            parsed.RootElement.GetProperty(First).GetDouble(),
            parsed.RootElement.TryGetProperty(Added, out JsonElement bytes) ? bytes.GetInt64() : null);
    }

    private static IEnumerable<string> Arguments(string contender, ContenderFiles files)
    {
        Shape image = files.Image;
        yield return "bench";
        yield return "compare";
        yield return "--contender=" + contender;
        yield return "--weights=" + files.Checkpoint;
        yield return string.Create(CultureInfo.InvariantCulture, $"--imgsz={image.Height}x{image.Width}");
        yield return string.Create(CultureInfo.InvariantCulture, $"--batch={image.Batch}");
        yield return string.Create(CultureInfo.InvariantCulture, $"--classes={files.Classes}");
        yield return string.Create(CultureInfo.InvariantCulture, $"--threads={files.Cpu.Threads}");
        yield return files.Cpu.Winograd ? "--winograd" : "--no-winograd";
        yield return files.Cpu.Float16Products ? "--float16" : "--no-float16";
        yield return files.Cpu.Precision == Precision.Bf16 ? "--precision=bf16" : "--precision=float32";
    }
}
