using Gemma4.Engine.Loading;
using Gemma4.Server.Hub;

namespace Gemma4.Server.Hosting;

/// <summary>Draws how far writing a model is, where a person looks at the terminal.</summary>
/// <param name="terminal">The terminal; null where there is none.</param>
/// <param name="time">Says when to draw.</param>
internal sealed class RepackDisplay(TextWriter? terminal, TimeProvider time) : IProgress<LoadProgress>, IDisposable
{
    private const int LineWidth = 78;

    private static readonly TimeSpan BetweenDraws = TimeSpan.FromMilliseconds(200);

    private TransferMeter? _meter;
    private long _drawnAt;

    /// <remarks>Called by the one thread that writes.</remarks>
    public void Report(LoadProgress value)
    {
        _meter ??= new TransferMeter(time, value.BytesTotal, 0);
        _meter.Add(value.BytesLoaded - _meter.Bytes);
        if (terminal is null || time.GetElapsedTime(_drawnAt) < BetweenDraws)
            return;
        _drawnAt = time.GetTimestamp();
        terminal.Write("\r" + _meter.Describe().PadRight(LineWidth));
    }

    /// <summary>Clears the line.</summary>
    public void Dispose()
    {
        if (terminal is not null && _drawnAt != 0)
            terminal.Write("\r" + new string(' ', LineWidth) + "\r");
    }
}
