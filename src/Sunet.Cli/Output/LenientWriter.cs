using System.Text;

namespace Sunet.Cli.Output;

/// <summary>
/// A standard stream that may stop taking text, as on a disk that is full: a run does not end for that. What cannot be written is dropped,
/// and the first reason is kept.
/// </summary>
internal sealed class LenientWriter : TextWriter
{
    private readonly TextWriter inner;

    private LenientWriter(TextWriter inner) => this.inner = inner;

    /// <summary>Why something could not be written; null where all was.</summary>
    public string? Failure { get; private set; }

    /// <summary>Writes to a stream that is open as long as the process, so that neither is disposed.</summary>
    public static LenientWriter To(TextWriter stream) => new(stream);

    /// <inheritdoc/>
    public override Encoding Encoding => inner.Encoding;

    /// <summary>Writes several things, all of them or as far as it goes.</summary>
    public void Attempt(Action<TextWriter> write)
    {
        try
        {
            write(inner);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentOutOfRangeException)
        {
            // The last is what .NET makes of EFBIG, a file over the process's limit.
            Failure ??= failure.Message;
        }
    }

    /// <inheritdoc/>
    public override void Write(char value) => Attempt(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void Write(char[] buffer, int index, int count) => Attempt(writer => writer.Write(buffer, index, count));

    /// <inheritdoc/>
    public override void Write(string? value) => Attempt(writer => writer.Write(value));

    /// <inheritdoc/>
    public override void WriteLine() => Attempt(writer => writer.WriteLine());

    /// <inheritdoc/>
    public override void WriteLine(string? value) => Attempt(writer => writer.WriteLine(value));

    /// <inheritdoc/>
    public override void Flush() => Attempt(writer => writer.Flush());
}
