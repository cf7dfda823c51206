using System.Globalization;

namespace Gemma4.Server.Hub;

/// <summary>Which ranges of an incomplete file have arrived, in a small text file beside it: a heading, then the number of a range a line.</summary>
internal sealed class RangeJournal : IDisposable
{
    private const int MaxBytes = 16 << 20;

    private readonly bool[] _done;
    private readonly StreamWriter _writer;
    private readonly Lock _writing = new();

    private RangeJournal(bool[] done, StreamWriter writer, long size, long rangeBytes) =>
        (_done, _writer, Size, RangeBytes) = (done, writer, size, rangeBytes);

    /// <summary>Bytes of the file.</summary>
    public long Size { get; }

    /// <summary>Bytes of each range but the last.</summary>
    public long RangeBytes { get; }

    /// <summary>Bytes that have arrived.</summary>
    public long DoneBytes => Enumerable.Range(0, _done.Length).Where(i => _done[i]).Sum(i => End(i) - Start(i));

    /// <summary>Numbers of the ranges that have not.</summary>
    public IReadOnlyList<int> Missing => [.. Enumerable.Range(0, _done.Length).Where(i => !_done[i])];

    /// <summary>Opens one, and takes over what it says if it is about a file of that size cut that way.</summary>
    public static RangeJournal Open(string path, long size, long rangeBytes)
    {
        bool[] done = new bool[checked((int)((size + rangeBytes - 1) / rangeBytes))];
        string heading = string.Create(CultureInfo.InvariantCulture, $"gemma4 ranges {size} {rangeBytes}");
        bool isKnown = Read(path, heading, done);
        if (!isKnown)
            Array.Clear(done);
        var writer = new StreamWriter(path, append: isKnown) { AutoFlush = true, NewLine = "\n" };
        if (!isKnown)
            writer.WriteLine(heading);
        return new RangeJournal(done, writer, size, rangeBytes);
    }

    /// <summary>The first byte of a range.</summary>
    public long Start(int range) => range * RangeBytes;

    /// <summary>The byte behind its last.</summary>
    public long End(int range) => Math.Min(Size, Start(range) + RangeBytes);

    /// <summary>A range is written. A line that a crash cuts off is read as another number, or none: the file's hash finds that.</summary>
    public void Add(int range)
    {
        lock (_writing)
        {
            _done[range] = true;
            _writer.WriteLine(range.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _writer.Dispose();

    private static bool Read(string path, string heading, bool[] done)
    {
        if (!File.Exists(path) || new FileInfo(path).Length > MaxBytes)
            return false;
        string[] lines = File.ReadAllLines(path);
        if (lines.Length == 0 || lines[0] != heading)
            return false;
        foreach (string line in lines.AsSpan(1))
        {
            if (!int.TryParse(line, NumberStyles.None, CultureInfo.InvariantCulture, out int range) || range >= done.Length)
                return false;
            done[range] = true;
        }
        return true;
    }
}
