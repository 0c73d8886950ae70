using System.Text;

namespace Sunet.Cli.Output;

/// <summary>Stands for a standard stream that the process was started without.</summary>
internal sealed class ClosedWriter : TextWriter
{
    /// <inheritdoc/>
    public override Encoding Encoding => Encoding.UTF8;

    /// <inheritdoc/>
    public override void Write(char value) => throw new IOException("It is closed");
}
