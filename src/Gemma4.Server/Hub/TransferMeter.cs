namespace Gemma4.Server.Hub;

/// <summary>Bytes of a download over time: how many, how fast lately, how long still.</summary>
internal sealed class TransferMeter(TimeProvider time, long totalBytes, long presentBytes)
{
    /// <summary>The rate is that of about so long.</summary>
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Queue<(long At, long Bytes)> _samples = new([(time.GetTimestamp(), presentBytes)]);

    /// <summary>Bytes that are here.</summary>
    public long Bytes { get; private set; } = presentBytes;

    /// <summary>Bytes of the whole.</summary>
    public long TotalBytes => totalBytes;

    /// <summary>The share that is here, 0 to 1.</summary>
    public double Share => totalBytes == 0 ? 1 : Math.Clamp((double)Bytes / totalBytes, 0, 1);

    /// <summary>Bytes have arrived.</summary>
    public void Add(long bytes) => Bytes += bytes;

    /// <summary>One line: share, bytes, rate, time left.</summary>
    public string Describe()
    {
        long now = time.GetTimestamp();
        _samples.Enqueue((now, Bytes));
        while (_samples.Count > 2 && time.GetElapsedTime(_samples.Peek().At, now) > Window)
            _samples.Dequeue();
        (long at, long then) = _samples.Peek();
        double seconds = time.GetElapsedTime(at, now).TotalSeconds, rate = seconds > 0 ? Math.Max(0, Bytes - then) / seconds : 0;
        string left = rate > 0 ? $", {HubText.Time(TimeSpan.FromSeconds(Math.Min((totalBytes - Bytes) / rate, 1e8)))} left" : "";
        return $"{(int)(Share * 100),3} %  {HubText.Bytes(Bytes)} of {HubText.Bytes(totalBytes)}  {HubText.Bytes((long)rate)}/s{left}";
    }
}
