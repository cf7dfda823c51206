namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>A non-deterministic pushdown automaton over lexemes, its states built as they are met.</summary>
internal sealed class Parser(Lexer lexer)
{
    /// <summary>About what a stack's link, a state without its stacks, and a way from one state to another take with their places in tables.</summary>
    private const int BytesOfStack = 140, BytesOfState = 240, BytesOfWay = 40;

    private readonly List<ParseState> _left = [];
    private readonly WorkBudget _budget = lexer.Rx.Budget;
    private readonly Dictionary<(Frame Top, ParseStack? Below), ParseStack> _stacks = [];
    private readonly Dictionary<StackSet, ParseState> _states = [];
    private int _nextId;

    public ParseState Start(Frame root) => Build([Push(root, null)]);

    /// <summary>The state after one of these lexemes, which end at the same place.</summary>
    public ParseState Advance(ParseState state, LexemeSet lexemes)
    {
        if (state.After?.TryGetValue(lexemes, out ParseState? known) == true)
            return known;
        _budget.Charge(state.Terminals.Length * (1 + lexemes.Lexemes.Length / 8));
        HashSet<ParseStack?> next = [];
        foreach ((ParseStack stack, Move move) in state.Terminals)
        {
            if (Array.IndexOf(lexemes.Lexemes, move.Lexeme) >= 0)
                next.Add(Apply(stack, move));
        }
        ParseState result = Build(next);
        if (state.After is null)
        {
            state.After = [];
            _left.Add(state);
        }
        _budget.Keep(BytesOfWay);
        state.After.Add(lexemes, result);
        return result;
    }

    /// <summary>Forgets all states and what is known of them; those in use stay valid.</summary>
    public void Trim()
    {
        foreach (ParseState state in _left)
            state.After = null;
        _left.Clear();
        _stacks.Clear();
        _states.Clear();
    }

    private ParseStack Push(Frame top, ParseStack? below)
    {
        if (_stacks.TryGetValue((top, below), out ParseStack? stack))
            return stack;
        _budget.Charge();
        _budget.Keep(BytesOfStack);
        _stacks.Add((top, below), stack = new(_nextId++, top, below));
        return stack;
    }

    private ParseStack? Apply(ParseStack stack, Move move)
    {
        ParseStack? result = stack.Below;
        if (move.Next is not null)
            result = Push(move.Next, result);
        if (move.Child is not null)
            result = Push(move.Child, result);
        return result;
    }

    private ParseState Build(IEnumerable<ParseStack?> stacks)
    {
        HashSet<ParseStack> seen = [];
        Stack<ParseStack?> open = new(stacks);
        List<ParseStack> waiting = [];
        bool canEnd = false;
        while (open.TryPop(out ParseStack? stack))
        {
            if (stack is null)
            {
                canEnd = true;
                continue;
            }
            if (!seen.Add(stack))
                continue;
            bool waits = false;
            _budget.Charge(1 + stack.Top.Moves.Length);
            foreach (Move move in stack.Top.Moves)
            {
                if (move.Lexeme is null)
                    open.Push(Apply(stack, move));
                else
                    waits = true;
            }
            if (waits)
                waiting.Add(stack);
            if (stack.Top.CanLeave)
                open.Push(stack.Below);
        }
        return Intern([.. waiting], canEnd);
    }

    private ParseState Intern(ParseStack[] waiting, bool canEnd)
    {
        Array.Sort(waiting, static (a, b) => a.Id.CompareTo(b.Id));
        StackSet key = new(waiting, canEnd);
        if (_states.TryGetValue(key, out ParseState? known))
            return known;
        (ParseStack, Move)[] terminals =
            [.. waiting.SelectMany(s => s.Top.Moves.Where(m => m.Lexeme is not null).Select(m => (s, m)))];
        _budget.Charge(1 + terminals.Length);
        _budget.Keep(BytesOfState + 8 * waiting.Length + 48 * terminals.Length);
        ParseState state = new()
        {
            Id = _nextId++,
            Terminals = terminals,
            CanEnd = canEnd,
            Start = lexer.Start(terminals.Select(t => t.Item2.Lexeme!).Distinct().OrderBy(l => l.Id)),
        };
        _states.Add(key, state);
        return state;
    }

    private readonly struct StackSet(ParseStack[] stacks, bool canEnd) : IEquatable<StackSet>
    {
        private readonly ParseStack[] _stacks = stacks;
        private readonly bool _canEnd = canEnd;

        public bool Equals(StackSet other) => _canEnd == other._canEnd && _stacks.AsSpan().SequenceEqual(other._stacks);

        public override bool Equals(object? obj) => obj is StackSet other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_canEnd);
            foreach (ParseStack stack in _stacks)
                hash.Add(stack.Id);
            return hash.ToHashCode();
        }
    }
}
