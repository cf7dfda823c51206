namespace Gemma4.Server.Serving;

/// <summary>Tells the model host how far loading is, and draws a bar where a person looks at the console.</summary>
internal sealed class ProgressBar(ModelHost host) : IProgress<double>, IDisposable
{
    private const int Width = 40;

    private readonly bool _isVisible = !Console.IsErrorRedirected;
    private readonly Lock _drawing = new();
    private int _drawn = -1;

    public void Report(double value)
    {
        host.Progress = value;
        if (!_isVisible)
            return;
        lock (_drawing)
        {
            int percent = (int)(Math.Clamp(value, 0, 1) * 100);
            if (percent <= _drawn)
                return;
            _drawn = percent;
            int filled = percent * Width / 100;
            Console.Error.Write($"\r  loading [{new string('█', filled)}{new string('·', Width - filled)}] {percent,3} %");
        }
    }

    /// <summary>Clears the bar's line.</summary>
    public void Dispose()
    {
        if (_isVisible && _drawn >= 0)
            Console.Error.Write("\r" + new string(' ', Width + 24) + "\r");
    }
}
