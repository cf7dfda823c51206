using System.Globalization;
using System.Text;

namespace Gemma4.LoadTest.Soak;

/// <summary>What became of all requests.</summary>
internal sealed class SoakLedger
{
    private const int MaxShown = 20;
    private readonly Lock _lock = new();
    private readonly SortedDictionary<string, int[]> _ends = new(StringComparer.Ordinal);
    private readonly List<TimeSpan> _firstBytes = [], _times = [];
    private readonly List<string> _wrong = [];
    private int _numWrong, _numEqual, _numDifferent;

    /// <summary>Requests of clients that were answered, attacks left out.</summary>
    public int NumAnswered { get; private set; }

    /// <summary>Whether nothing was wrong.</summary>
    public bool IsClean
    {
        get
        {
            lock (_lock)
                return _numWrong == 0;
        }
    }

    /// <summary>Answers that were compared with the answer alone, and were the same.</summary>
    public int NumEqual
    {
        get
        {
            lock (_lock)
                return _numEqual;
        }
    }

    /// <summary>Enters a request that has ended.</summary>
    public void Add(SoakResult result)
    {
        lock (_lock)
        {
            if (!_ends.TryGetValue(result.Kind, out int[]? counts))
                _ends[result.Kind] = counts = new int[Enum.GetValues<SoakEnd>().Length];
            counts[(int)result.End]++;
            if (result.End == SoakEnd.Answered && result.Kind != "attack")
                NumAnswered++;
            if (result.End == SoakEnd.Answered && result.FirstBytes > TimeSpan.Zero)
            {
                _firstBytes.Add(result.FirstBytes);
                _times.Add(result.Time);
            }
            if (result.IsEqual == true)
                _numEqual++;
            if (result.IsEqual == false)
                _numDifferent++;
            if (result.End == SoakEnd.Wrong || result.IsEqual == false)
                Fault($"{result.Kind}: {result.Detail}");
        }
    }

    /// <summary>Enters what is wrong with the server itself.</summary>
    public void AddFault(string what)
    {
        lock (_lock)
            Fault(what);
    }

    /// <summary>A table, the comparison, latencies, and what was wrong.</summary>
    public override string ToString()
    {
        lock (_lock)
        {
            var text = new StringBuilder();
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"{"",-20}{"sent",8}{"answered",10}{"429",8}{"stopped",9}{"not taken",11}{"left",7}{"wrong",7}"));
            foreach ((string kind, int[] c) in _ends)
                text.AppendLine(Row(kind, c));
            text.AppendLine(Row("all", [.. Enumerable.Range(0, Enum.GetValues<SoakEnd>().Length).Select(i => _ends.Values.Sum(c => c[i]))]));
            (Percentiles first, Percentiles whole) = (Percentiles.Of(_firstBytes), Percentiles.Of(_times));
            text.AppendLine(string.Create(
                CultureInfo.InvariantCulture,
                $"first bytes p50/p95/p99 {first.P50:0} / {first.P95:0} / {first.P99:0} ms, whole answers {whole.P50:0} / {whole.P95:0} / {whole.P99:0} ms"));
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"answers compared with those alone: {_numEqual} the same, {_numDifferent} different"));
            text.AppendLine(string.Create(CultureInfo.InvariantCulture, $"wrong: {_numWrong}"));
            foreach (string what in _wrong)
                text.AppendLine($"  {what}");
            return text.ToString();
        }
    }

    private static string Row(string kind, int[] c) => string.Create(
        CultureInfo.InvariantCulture,
        $"{kind,-20}{c.Sum(),8}{c[(int)SoakEnd.Answered],10}{c[(int)SoakEnd.Refused],8}{c[(int)SoakEnd.Stopped],9}{c[(int)SoakEnd.NotTaken],11}{c[(int)SoakEnd.Left],7}{c[(int)SoakEnd.Wrong],7}");

    private void Fault(string what)
    {
        if (++_numWrong <= MaxShown)
            _wrong.Add(what.Length > 600 ? what[..600] + "…" : what);
    }
}
