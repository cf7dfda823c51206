namespace Gemma4.Server.Hub;

/// <summary>Shows a download: a bar that is drawn anew on a terminal, lines now and then elsewhere.</summary>
/// <param name="terminal">The terminal; null where there is none.</param>
/// <param name="writeLine">Takes a line, for a log or below the bar.</param>
/// <param name="time">Says when to draw.</param>
internal sealed class DownloadDisplay(TextWriter? terminal, Action<string> writeLine, TimeProvider time) : IDownloadProgress
{
    private const int BarWidth = 24;

    private static readonly TimeSpan BetweenDraws = TimeSpan.FromMilliseconds(200), BetweenLines = TimeSpan.FromSeconds(15);

    private readonly Lock _lock = new();
    private TransferMeter? _meter;
    private long _shownAt;
    private int _drawn;

    /// <summary>The display of a verb of the program: on the terminal that its errors go to, in lines where that is a file.</summary>
    public static DownloadDisplay Of(TextWriter errors) => new(Console.IsErrorRedirected ? null : errors, errors.WriteLine, TimeProvider.System);

    public void Begin(string what, long totalBytes, long presentBytes)
    {
        lock (_lock)
        {
            _meter = new TransferMeter(time, totalBytes, presentBytes);
            _shownAt = time.GetTimestamp();
            writeLine($"Fetching {what}: {HubText.Bytes(totalBytes - presentBytes)}{(presentBytes > 0 ? $" of {HubText.Bytes(totalBytes)}" : "")}");
        }
    }

    public void Advance(long bytes)
    {
        lock (_lock)
        {
            if (_meter is null)
                return;
            _meter.Add(bytes);
            if (time.GetElapsedTime(_shownAt) >= (terminal is null ? BetweenLines : BetweenDraws))
                Show(_meter);
        }
    }

    public void Note(string text)
    {
        lock (_lock)
        {
            Clear();
            writeLine(text);
        }
    }

    public void End()
    {
        lock (_lock)
        {
            if (_meter is not null)
                Show(_meter);
            if (_drawn > 0)
                terminal!.WriteLine();
            (_meter, _drawn) = (null, 0);
        }
    }

    private void Show(TransferMeter meter)
    {
        _shownAt = time.GetTimestamp();
        if (terminal is null)
        {
            writeLine("Fetched " + meter.Describe().TrimStart());
            return;
        }
        int filled = (int)(meter.Share * BarWidth);
        string line = $"  [{new string('█', filled)}{new string('·', BarWidth - filled)}] {meter.Describe()}";
        terminal.Write("\r" + line.PadRight(_drawn));
        _drawn = line.Length;
    }

    private void Clear()
    {
        if (_drawn > 0)
            terminal!.Write("\r" + new string(' ', _drawn) + "\r");
        _drawn = 0;
    }
}
