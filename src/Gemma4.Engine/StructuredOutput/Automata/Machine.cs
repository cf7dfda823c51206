namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>Lexer and parser together: one deterministic automaton over bytes with states built as they are met.</summary>
/// <remarks>Not thread-safe; the compiled grammar guards it.</remarks>
internal sealed class Machine
{
    /// <summary>About what a state and its place in the table take, without its ways.</summary>
    private const int BytesOfState = 200;

    private readonly Lexer _lexer;
    private readonly Parser _parser;
    private readonly Dictionary<WaySet, MachineState> _states = [];
    private readonly List<(ParseState, LexState)> _ways = [];
    private readonly List<MachineState> _left = [];
    private int _nextId;

    /// <param name="lexer">Frozen: it knows all lexemes of the grammar.</param>
    /// <param name="root">What the whole text is.</param>
    public Machine(Lexer lexer, Frame root)
    {
        _lexer = lexer;
        _parser = new(lexer);
        Dead = Intern([], false);
        ParseState start = _parser.Start(root);
        Start = Intern([(start, start.Start)], start.CanEnd);
    }

    /// <summary>Before any byte.</summary>
    public MachineState Start { get; }

    /// <summary>After bytes that the grammar does not allow.</summary>
    public MachineState Dead { get; }

    public Lexer Lexer => _lexer;

    /// <summary>What the grammar may still cost.</summary>
    public WorkBudget Budget => _lexer.Rx.Budget;

    public MachineState Step(MachineState state, byte value)
    {
        if (state.Next is null)
        {
            state.Next = new MachineState?[_lexer.NumClasses];
            _left.Add(state);
            Budget.Keep(8 * _lexer.NumClasses);
        }
        return state.Next[_lexer.ClassOf[value]] ??= Compute(state, value);
    }

    /// <summary>Forgets all states and what is known of them; those in use stay valid. Not within a walk.</summary>
    public void Trim()
    {
        foreach (MachineState state in _left)
            (state.Next, state.Tokens) = (null, null);
        _left.Clear();
        _states.Clear();
        _lexer.Trim();
        _parser.Trim();
        Budget.Forget();
    }

    private MachineState Compute(MachineState state, byte value)
    {
        _ways.Clear();
        bool canEnd = false;
        foreach ((ParseState parse, LexState lex) in state.Ways)
        {
            LexState stepped = _lexer.Step(lex, value);
            if (stepped.HasMore)
                Add(parse, stepped);
            if (stepped.Accepted is null)
                continue;
            ParseState after = _parser.Advance(parse, stepped.Accepted);
            canEnd |= after.CanEnd;
            if (after.Start.HasMore)
                Add(after, after.Start);
        }
        return _ways.Count == 0 && !canEnd ? Dead : Intern([.. _ways], canEnd);
    }

    private void Add(ParseState parse, LexState lex)
    {
        Budget.Charge(1 + _ways.Count / 8);
        if (!_ways.Contains((parse, lex)))
            _ways.Add((parse, lex));
    }

    private MachineState Intern((ParseState, LexState)[] ways, bool canEnd)
    {
        WaySet key = new(ways, canEnd);
        if (_states.TryGetValue(key, out MachineState? known))
            return known;
        Budget.Charge(1 + ways.Length);
        Budget.Keep(BytesOfState + 16 * ways.Length);
        MachineState state = new() { Id = _nextId++, Ways = ways, CanEnd = canEnd, IsDead = ways.Length == 0 && !canEnd };
        _states.Add(key, state);
        return state;
    }

    private readonly struct WaySet((ParseState Parse, LexState Lex)[] ways, bool canEnd) : IEquatable<WaySet>
    {
        private readonly (ParseState Parse, LexState Lex)[] _ways = ways;
        private readonly bool _canEnd = canEnd;

        public bool Equals(WaySet other)
        {
            if (_canEnd != other._canEnd || _ways.Length != other._ways.Length)
                return false;
            for (int i = 0; i < _ways.Length; i++)
            {
                if (_ways[i].Parse != other._ways[i].Parse || _ways[i].Lex != other._ways[i].Lex)
                    return false;
            }
            return true;
        }

        public override bool Equals(object? obj) => obj is WaySet other && Equals(other);

        public override int GetHashCode()
        {
            HashCode hash = default;
            hash.Add(_canEnd);
            foreach ((ParseState parse, LexState lex) in _ways)
            {
                hash.Add(parse.Id);
                hash.Add(lex.Id);
            }
            return hash.ToHashCode();
        }
    }
}
