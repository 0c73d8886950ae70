using System.Runtime.InteropServices;
using Sunet.Cli.Output;

namespace Sunet.Cli;

/// <summary>
/// Turns the first SIGINT or SIGTERM into a cancelled token, so that a run stops at a step and writes a checkpoint; the second one ends the
/// process at once, as it would without us.
/// </summary>
internal sealed class ShutdownSignals : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] registrations;
    private int exitCode = ExitCodes.Interrupted;

    public ShutdownSignals() => registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Handle(signal, ExitCodes.Interrupted)),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Handle(signal, ExitCodes.Terminated)),
    ];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => source.Token;

    /// <summary>What the process returns for the signal that came first.</summary>
    public int ExitCode => Volatile.Read(ref exitCode);

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
        source.Dispose();
    }

    private void Handle(PosixSignalContext signal, int code)
    {
        if (source.IsCancellationRequested)
            return;
        signal.Cancel = true;
        Volatile.Write(ref exitCode, code);
        source.Cancel();
    }
}
