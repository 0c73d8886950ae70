using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Sunet.Native.Hosting.Tests;

/// <summary>Keeps what is logged.</summary>
internal sealed class EventLog : ILogger<SegmentationService>
{
    public ConcurrentQueue<(int Id, LogLevel Level, string Text, Exception? Failure)> Events { get; } = [];

    /// <summary>The event that this log fails at; 0 for none.</summary>
    public int Failing { get; init; }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == Failing)
            throw new InvalidOperationException("This log fails.");
        Events.Enqueue((eventId.Id, logLevel, formatter(state, exception), exception));
    }
}
