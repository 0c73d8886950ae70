using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Spectre.Console;

namespace Sunet.Cli.Output;

/// <summary>
/// Where everything a command says goes: results to standard output, progress and failures to standard error. Lines are plain where the
/// stream is redirected or <c>NO_COLOR</c> is set. Text is shown as <see cref="PrintableText"/>, and a stream that takes none stops
/// nothing.
/// </summary>
internal sealed class CommandOutput(TextWriter results, TextWriter progress)
{
    // What is written is a document of its own, never a part of a web page: plus signs and accents may stay as they are.
    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly bool MayDecorate = Environment.GetEnvironmentVariable("NO_COLOR") is not { Length: > 0 };

    private readonly LenientWriter resultWriter = LenientWriter.To(results);
    private readonly LenientWriter progressWriter = LenientWriter.To(progress);

    /// <summary>Whether standard error is a terminal that may be decorated.</summary>
    public bool IsProgressInteractive { get; } = MayDecorate && ReferenceEquals(progress, Console.Error) && !Console.IsErrorRedirected;

    /// <summary>How often progress is repeated where it cannot be redrawn.</summary>
    public TimeSpan LogInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Where results go; for text of our own.</summary>
    public TextWriter ResultWriter => resultWriter;

    /// <summary>Where progress and failures go; for text of our own.</summary>
    public TextWriter ProgressWriter => progressWriter;

    /// <summary>Why results could not be written; null where all were.</summary>
    public string? ResultFailure => resultWriter.Failure;

    private bool AreResultsInteractive { get; } = MayDecorate && ReferenceEquals(results, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>A line of the result.</summary>
    public void Result(string line = "") => resultWriter.WriteLine(PrintableText.Of(line));

    /// <summary>A line on how things go.</summary>
    public void Progress(string line) => progressWriter.WriteLine(PrintableText.Of(line));

    /// <summary>Lines on what a user should know and is no failure, each once.</summary>
    public void Notes(IEnumerable<string> notes)
    {
        foreach (string note in notes.Distinct())
            Progress("note: " + note);
    }

    /// <summary>Lines on what is probably wrong and stops nothing, each once.</summary>
    public void Warnings(IEnumerable<string> warnings)
    {
        foreach (string warning in warnings.Distinct())
            Progress("warning: " + warning);
    }

    /// <summary>One line on what failed; line breaks in the message do not survive.</summary>
    public void Error(string message) => Progress("sunet: " + message.ReplaceLineEndings(" "));

    /// <summary>Where a failure came from, line by line.</summary>
    public void Trace(Exception failure)
    {
        foreach (string line in failure.ToString().ReplaceLineEndings("\n").Split('\n'))
            Progress(line);
    }

    /// <summary>One JSON object, on one line, as the result.</summary>
    /// <param name="write">Writes into the object.</param>
    /// <param name="asResult">Whether it goes where results go; else to standard error, where standard output has something else.</param>
    public void Json(Action<Utf8JsonWriter> write, bool asResult = true)
    {
        var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream, JsonOptions))
        {
            writer.WriteStartObject();
            write(writer);
            writer.WriteEndObject();
        }

        string line = Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length);
        if (asResult)
            Result(line);
        else
            Progress(line);
    }

    /// <summary>A table as the result: boxed on a terminal, aligned columns elsewhere.</summary>
    public void Table(TextTable table) => resultWriter.Attempt(writer =>
    {
        if (AreResultsInteractive)
            AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(writer) }).Write(table.ToBox());
        else
            table.WritePlain(writer);
    });

    /// <summary>Begins to show the progress of a run.</summary>
    /// <param name="total">Units of work, such as steps.</param>
    /// <param name="quiet">Whether nothing is shown.</param>
    public ProgressLine StartProgress(long total, bool quiet) =>
        new(progressWriter, total, IsProgressInteractive ? TerminalWidth.OfError : null, quiet, LogInterval);
}
