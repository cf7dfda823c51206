using System.Collections.Concurrent;
using System.Globalization;
using Serilog.Core;
using Serilog.Events;

namespace Gemma4.Server.Tests;

/// <summary>Keeps what a server logs at information level and above.</summary>
internal sealed class LogLines : ILogEventSink
{
    private readonly ConcurrentQueue<LogEvent> _events = [];

    /// <summary>All so far.</summary>
    public IReadOnlyList<LogEvent> Events => [.. _events.Where(e => e.Level >= LogEventLevel.Information)];

    /// <summary>Level and text of those that tell of requests: not of start and stop.</summary>
    public IReadOnlyList<string> OfRequests =>
        [.. Events.Where(e => !IsOfStart(e.Properties["SourceContext"].ToString())).Select(Line)];

    /// <inheritdoc/>
    public void Emit(LogEvent logEvent) => _events.Enqueue(logEvent);

    private static bool IsOfStart(string source) => source.Contains("ModelService", StringComparison.Ordinal) || source.Contains("StorageService", StringComparison.Ordinal);

    private static string Line(LogEvent e) => $"{e.Level}: {e.RenderMessage(CultureInfo.InvariantCulture).Replace("\"", "", StringComparison.Ordinal)} {e.Exception}".TrimEnd();
}
