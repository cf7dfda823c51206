namespace Gemma4.Server.Access;

/// <summary>Calls back when one of some files has changed. It looks every few seconds: notifications of the system miss links that are set anew, and
/// network drives.</summary>
internal sealed class FileWatch : IDisposable
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly IReadOnlyList<string> _paths;
    private readonly Action _changed;
    private readonly Lock _lock = new();
    private readonly ITimer _timer;
    private string _identity;

    /// <summary>Begins to look.</summary>
    /// <param name="paths">Files or folders, which need not be there.</param>
    /// <param name="time">Measures the interval.</param>
    /// <param name="changed">Called once a change, one call at a time. It must not throw.</param>
    public FileWatch(IReadOnlyList<string> paths, TimeProvider time, Action changed)
    {
        (_paths, _changed) = (paths, changed);
        _identity = Identity();
        _timer = time.CreateTimer(_ => Look(), null, Interval, Interval);
    }

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    /// <summary>Looks now. What changes while the files are read is seen the next time.</summary>
    private void Look()
    {
        if (!_lock.TryEnter())
            return;
        try
        {
            string identity = Identity();
            if (identity == _identity)
                return;
            _identity = identity;
            _changed();
        }
        finally
        {
            _lock.Exit();
        }
    }

    private string Identity() => string.Join('\n', _paths.Select(FileIdentity.Of));
}
