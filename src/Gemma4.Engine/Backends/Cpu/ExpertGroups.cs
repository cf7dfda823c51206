namespace Gemma4.Engine.Backends.Cpu;

/// <summary>Pairs of token and expert, sorted by expert and within an expert by token. Memory is taken once.</summary>
/// <param name="numExperts">E.</param>
internal sealed class ExpertGroups(int numExperts)
{
    private readonly int[] _next = new int[numExperts];      // the pair that an expert's next token gets
    private ExpertGroup[] _groups = [];
    private int[] _tokens = [];                              // by pair
    private (int Pair, int Place)[] _pairs = [];             // by token, A each, in order of expert
    private int _numActive;

    /// <summary>Pairs, T · A.</summary>
    public int NumPairs { get; private set; }

    /// <summary>Experts that some token chose.</summary>
    public int NumGroups { get; private set; }

    /// <summary>An expert that some token chose.</summary>
    public ExpertGroup this[int group] => _groups[group];

    /// <summary>The row of a pair's token.</summary>
    public int TokenOf(int pair) => _tokens[pair];

    /// <summary>A token's pairs in order of expert, with the expert's place in the token's choice.</summary>
    public ReadOnlySpan<(int Pair, int Place)> PairsOf(int token) => _pairs.AsSpan(token * _numActive, _numActive);

    /// <summary>Sorts the choices of some rows.</summary>
    public void Fill(CpuExpertChoice choice, int firstRow, int numRows)
    {
        _numActive = choice.NumActive;
        NumPairs = numRows * _numActive;
        if (_tokens.Length < NumPairs)
        {
            _tokens = new int[NumPairs];
            _pairs = new (int, int)[NumPairs];
            _groups = new ExpertGroup[Math.Min(numExperts, NumPairs)];
        }
        Array.Clear(_next);
        for (int row = 0; row < numRows; row++)
        {
            foreach (long expert in choice.ExpertsOf(firstRow + row))
                _next[expert]++;
        }
        int pair = 0;
        NumGroups = 0;
        for (int expert = 0; expert < numExperts; expert++)
        {
            int count = _next[expert];
            _next[expert] = pair;
            if (count > 0)
                _groups[NumGroups++] = new ExpertGroup(expert, pair, count);
            pair += count;
        }
        for (int row = 0; row < numRows; row++)
            Place(choice.ExpertsOf(firstRow + row), firstRow, row);
    }

    private void Place(ReadOnlySpan<long> experts, int firstRow, int row)
    {
        Span<(int Pair, int Place)> own = _pairs.AsSpan(row * _numActive, _numActive);
        for (int place = 0; place < experts.Length; place++)
        {
            int pair = _next[experts[place]]++;
            _tokens[pair] = firstRow + row;
            own[place] = (pair, place);
        }
        // Pairs are numbered by expert, so this is the order of experts.
        own.Sort(static (a, b) => a.Pair.CompareTo(b.Pair));
    }
}

/// <summary>One expert's pairs.</summary>
/// <param name="Expert">Its number.</param>
/// <param name="FirstPair">Its first pair.</param>
/// <param name="NumPairs">Its tokens.</param>
internal readonly record struct ExpertGroup(int Expert, int FirstPair, int NumPairs);
