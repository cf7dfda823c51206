namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>All lexemes of a grammar as one automaton, built as it is walked.</summary>
internal sealed class Lexer(RxBuilder rx)
{
    /// <summary>About what a state and its place in the table take, without its items.</summary>
    private const int BytesOfState = 240;

    /// <summary>States that are left by more bytes than this are looked at as a whole; most are left by one or two.</summary>
    private const int NumComputedSingly = 4;

    private readonly Dictionary<Rx, Lexeme> _lexemes = [];
    private readonly Dictionary<StateKey, LexState> _states = new(new StateKeyComparer());
    private readonly Dictionary<StateKey, LexemeSet> _sets = new(new StateKeyComparer());
    private readonly List<LexState> _left = [];
    private byte[] _classOf = [];
    private byte[] _byteOf = [];
    private int _numClasses;
    private int _nextId;

    public RxBuilder Rx { get; } = rx;

    public LexState Dead { get; private set; } = null!;

    /// <summary>The class of each byte; bytes of a class are never told apart.</summary>
    public ReadOnlySpan<byte> ClassOf => _classOf;

    public int NumClasses => _numClasses;

    /// <summary>The lexeme with this expression; it must accept something that is not empty.</summary>
    public Lexeme Lexeme(Rx expression)
    {
        if (!_lexemes.TryGetValue(expression, out Lexeme? lexeme))
            _lexemes.Add(expression, lexeme = new(_lexemes.Count, expression));
        return lexeme;
    }

    /// <summary>Fixes the byte classes; every expression is known by now.</summary>
    public void Freeze()
    {
        List<ByteSet> classes = [ByteSet.All];
        foreach (ByteSet set in Rx.Sets)
        {
            RxBuilder.Split(classes, set);
            Rx.Budget.Charge(classes.Count / 4);
        }
        _numClasses = classes.Count;
        _classOf = new byte[256];
        for (int b = 0; b < 256; b++)
            _classOf[b] = (byte)classes.FindIndex(c => c.Contains(b));
        _byteOf = [.. classes.Select(c => (byte)c.First)];
        Rx.Freeze(_classOf, _numClasses);
        Dead = Intern([]);
    }

    /// <summary>Forgets all states and what is known of them; those in use stay valid.</summary>
    public void Trim()
    {
        foreach (LexState state in _left)
            (state.Next, state.Inside) = (null, null);
        _left.Clear();
        _states.Clear();
        _sets.Clear();
        _states.Add(new([]), Dead);
        Rx.Trim();
    }

    /// <summary>The state at the start of one of these lexemes.</summary>
    /// <param name="lexemes">By id, each once.</param>
    public LexState Start(IEnumerable<Lexeme> lexemes) => Intern([.. lexemes.Select(l => (l, l.Rx))]);

    public LexState Step(LexState state, byte value)
    {
        if (state.Next is null)
        {
            state.Next = new LexState?[_numClasses];
            _left.Add(state);
            Rx.Budget.Keep(8 * _numClasses);
        }
        return state.Next[_classOf[value]] ??= Find(state, value);
    }

    /// <summary>The next state, computed once for all bytes that this state does not tell apart: of the letters that the names of a schema
    /// tell apart everywhere, a pattern of words knows no difference.</summary>
    private LexState Find(LexState state, byte value)
    {
        if (state.Alike is null && ++state.NumComputed > NumComputedSingly)
            state.Alike = Alike(state);
        if (state.Alike is null)
            return Compute(state, value);
        int first = state.Alike[_classOf[value]];
        return state.Next![first] ??= Compute(state, value);
    }

    /// <summary>For each class of bytes, the first that is like it in this state.</summary>
    private byte[] Alike(LexState state)
    {
        List<ByteSet> sets = [ByteSet.All];
        foreach ((_, Rx rest) in state.Items)
            Rx.SplitByFirst(rest, sets);
        Rx.Budget.Charge(_numClasses * sets.Count / 16);
        Rx.Budget.Keep(_numClasses);
        byte[] alike = new byte[_numClasses];
        Span<int> firstOf = stackalloc int[sets.Count];
        firstOf.Fill(-1);
        for (int c = 0; c < _numClasses; c++)
        {
            int set = sets.FindIndex(s => s.Contains(_byteOf[c]));
            if (firstOf[set] < 0)
                firstOf[set] = c;
            alike[c] = (byte)firstOf[set];
        }
        return alike;
    }

    private LexState Compute(LexState state, byte value)
    {
        Rx.Budget.Charge(1 + state.Items.Length);
        List<(Lexeme, Rx)> items = [];
        foreach ((Lexeme lexeme, Rx rest) in state.Items)
        {
            Rx derived = Rx.Derive(rest, value);
            // What is too hard to judge counts as live: an answer still ends only where it is complete, and one that
            // comes to a place where nothing fits ends with an error.
            if (derived != Rx.Nothing && Rx.IsLive(derived) != false)
                items.Add((lexeme, derived));
        }
        return items.Count == 0 ? Dead : Intern([.. items]);
    }

    private LexState Intern((Lexeme Lexeme, Rx Remainder)[] items)
    {
        StateKey key = new(items);
        if (_states.TryGetValue(key, out LexState? known))
            return known;
        Rx.Budget.Charge(1 + items.Length);
        Rx.Budget.Keep(BytesOfState + 16 * items.Length);
        Lexeme[] accepted = [.. items.Where(i => i.Remainder.Nullable).Select(i => i.Lexeme)];
        LexState state = new()
        {
            Id = _nextId++,
            Items = items,
            IsDead = items.Length == 0,
            Accepted = accepted.Length == 0 ? null : InternSet(accepted),
            HasMore = items.Any(i => i.Remainder != Rx.Empty),
            NeedsQuote = items.Length > 0 && items.All(i => i.Remainder.NeedsQuote),
            NeedsControl = items.Length > 0 && items.All(i => i.Remainder.NeedsControl),
        };
        _states.Add(key, state);
        return state;
    }

    private LexemeSet InternSet(Lexeme[] lexemes)
    {
        StateKey key = new([.. lexemes.Select(l => (l, Rx.Empty))]);
        if (!_sets.TryGetValue(key, out LexemeSet? set))
            _sets.Add(key, set = new(lexemes));
        return set;
    }

    private readonly record struct StateKey((Lexeme Lexeme, Rx Remainder)[] Items);

    private sealed class StateKeyComparer : IEqualityComparer<StateKey>
    {
        public bool Equals(StateKey x, StateKey y)
        {
            if (x.Items.Length != y.Items.Length)
                return false;
            for (int i = 0; i < x.Items.Length; i++)
            {
                if (!ReferenceEquals(x.Items[i].Lexeme, y.Items[i].Lexeme) || !ReferenceEquals(x.Items[i].Remainder, y.Items[i].Remainder))
                    return false;
            }
            return true;
        }

        public int GetHashCode(StateKey key)
        {
            uint hash = 17;
            foreach ((Lexeme lexeme, Rx rest) in key.Items)
                hash = hash * 486187739 + (uint)(lexeme.Id * 31 + rest.Id);
            return (int)hash;
        }
    }
}
