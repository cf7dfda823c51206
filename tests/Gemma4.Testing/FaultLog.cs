using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Gemma4.Testing;

/// <summary>Keeps the exceptions that are logged, so that a test can say what went wrong behind an error event.</summary>
internal sealed class FaultLog : ILoggerFactory, ILogger
{
    /// <summary>All so far.</summary>
    public ConcurrentQueue<Exception> Faults { get; } = [];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => this;

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => true;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null)
            Faults.Enqueue(exception);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
