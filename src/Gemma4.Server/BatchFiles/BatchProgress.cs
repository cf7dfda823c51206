using System.Globalization;

namespace Gemma4.Server.BatchFiles;

/// <summary>How far a batch is: a line that is drawn anew where a person looks on, else one now and then. Thread-safe.</summary>
internal sealed class BatchProgress : IDisposable
{
    private const int Width = 30;

    private static readonly TimeSpan DrawInterval = TimeSpan.FromSeconds(0.5), WriteInterval = TimeSpan.FromSeconds(30);

    private readonly Lock _lock = new();
    private readonly TextWriter _errors;
    private readonly bool _isDrawn;
    private readonly int _total, _before;
    private readonly TimeProvider _time;
    private readonly long _began;
    private readonly ITimer _timer;
    private int _done, _refused;
    private long _tokens;

    /// <param name="total">Requests of the file.</param>
    /// <param name="before">Those that were answered before.</param>
    /// <param name="errors">Where it is shown.</param>
    /// <param name="isDrawn">Whether a line can be drawn anew.</param>
    /// <param name="time">Measures it.</param>
    public BatchProgress(int total, int before, TextWriter errors, bool isDrawn, TimeProvider time)
    {
        (_total, _before, _errors, _isDrawn, _time, _began) = (total, before, errors, isDrawn, time, time.GetTimestamp());
        TimeSpan interval = isDrawn ? DrawInterval : WriteInterval;
        _timer = time.CreateTimer(_ => Show(), null, interval, interval);
    }

    /// <summary>Requests that were refused or failed.</summary>
    public int NumRefused
    {
        get
        {
            lock (_lock)
                return _refused;
        }
    }

    /// <summary>The whole in a line.</summary>
    public string Summary
    {
        get
        {
            lock (_lock)
            {
                TimeSpan elapsed = _time.GetElapsedTime(_began);
                return string.Create(
                    CultureInfo.InvariantCulture,
                    $"{_before + _done} of {_total} lines{(_refused > 0 ? $", {_refused} of them refused" : "")}, {_tokens} tokens in {elapsed:hh\\:mm\\:ss}, {_tokens / Math.Max(0.001, elapsed.TotalSeconds):0.0} tokens/s");
            }
        }
    }

    /// <summary>Counts an answer.</summary>
    public void Add(bool isGood, long tokens)
    {
        lock (_lock)
        {
            _done++;
            _tokens += tokens;
            if (!isGood)
                _refused++;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer.Dispose();
        lock (_lock)
        {
            if (_isDrawn)
                _errors.Write("\r\u001b[K");
        }
    }

    private void Show()
    {
        string summary = Summary;
        lock (_lock)
        {
            double share = _total == 0 ? 1 : (double)(_before + _done) / _total;
            TimeSpan left = _done == 0 ? TimeSpan.Zero : _time.GetElapsedTime(_began) * ((double)(_total - _before - _done) / _done);
            string rest = _done == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {left:hh\\:mm\\:ss} left");
            int filled = (int)(share * Width);
            if (_isDrawn)
                _errors.Write($"\r\u001b[K  [{new string('█', filled)}{new string('·', Width - filled)}] {summary}{rest}");
            else
                _errors.WriteLine(summary + rest);
        }
    }
}
