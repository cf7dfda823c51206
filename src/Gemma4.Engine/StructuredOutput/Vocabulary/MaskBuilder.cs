using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput.Vocabulary;

/// <summary>Finds the tokens that may come next by walking the vocabulary's tries along the machine.</summary>
/// <remarks>
/// Inside a string, nearly all of the vocabulary is allowed and depends on the string's own expression only. So tokens that cannot end
/// the string are found from the lexer's state alone (<see cref="LexState.Inside"/>, kept with it), most of them as one shared
/// base of bits; only tokens with a quotation mark (or control tokens, where those delimit strings) walk the whole machine.
/// </remarks>
internal sealed class MaskBuilder(Machine machine, ConstraintVocabulary vocabulary, IReadOnlySet<Rx> anyTextCharacter)
{
    /// <summary>From here on bits are smaller than a list.</summary>
    private const int MaxListed = 2048;

    private readonly LexState[] _lexPath = new LexState[byte.MaxValue + 1];
    private readonly MachineState[] _machinePath = new MachineState[byte.MaxValue + 1];
    private readonly uint[] _bits = new uint[vocabulary.NumWords];
    private readonly List<int> _added = [];
    private readonly List<int> _removed = [];

    /// <summary>Overwrites <paramref name="mask"/> with the tokens that may follow <paramref name="state"/>.</summary>
    /// <exception cref="ConstraintTooComplexException">It costs too much; what was found out so far is kept.</exception>
    public void Fill(MachineState state, Span<uint> mask)
    {
        try
        {
            FillWithin(state, mask);
        }
        catch
        {
            Clear();
            throw;
        }
    }

    private void FillWithin(MachineState state, Span<uint> mask)
    {
        bool byControl = state.Ways.Length > 0 && Array.TrueForAll(state.Ways, w => w.Lex.NeedsControl);
        bool byQuote = !byControl && state.Ways.Length > 0 && Array.TrueForAll(state.Ways, w => w.Lex.NeedsQuote);
        TokenSet tokens = state.Tokens ??= Walk(state, byControl, byQuote);
        if (!byControl && !byQuote)
        {
            tokens.CopyTo(mask);
            return;
        }
        for (int i = 0; i < state.Ways.Length; i++)
        {
            LexState lex = state.Ways[i].Lex;
            TokenSet inside = lex.Inside ??= FindInside(lex);
            if (i == 0)
                inside.CopyTo(mask);
            else
                inside.AddTo(mask);
        }
        tokens.AddTo(mask);
    }

    /// <summary>Whether <see cref="Fill"/> has nothing to compute.</summary>
    public static bool IsKnown(MachineState state) => state.Tokens is not null
        && (Array.TrueForAll(state.Ways, w => w.Lex.Inside is not null)
            || !(Array.TrueForAll(state.Ways, w => w.Lex.NeedsControl) || Array.TrueForAll(state.Ways, w => w.Lex.NeedsQuote)));

    /// <summary>Tokens that depend on the whole machine.</summary>
    private TokenSet Walk(MachineState state, bool byControl, bool byQuote)
    {
        _machinePath[0] = state;
        WalkMachine(vocabulary.Control);
        if (!byControl)
            WalkMachine(vocabulary.Quoted);
        if (!byControl && !byQuote)
        {
            WalkMachine(vocabulary.Unquoted);
            WalkMachine(vocabulary.Plain);
        }
        return Pack(null);
    }

    /// <summary>Tokens that stay within the lexeme.</summary>
    private TokenSet FindInside(LexState lex)
    {
        _lexPath[0] = lex;
        WalkLexer(vocabulary.Unquoted);
        if (lex.NeedsControl)
            WalkLexer(vocabulary.Quoted);
        if (FreeCharacters(lex) is int free)
            return Pack(vocabulary.PlainUpTo(free));
        bool mostlyFree = IsMostlyFree(lex);
        WalkPlain(mostlyFree);
        return Pack(mostlyFree ? vocabulary.PlainUpTo(int.MaxValue) : null);
    }

    /// <summary>What was added and removed since the last call, as a set on top of <paramref name="bits"/>.</summary>
    private TokenSet Pack(uint[]? bits)
    {
        TokenSet result;
        if (_added.Count <= MaxListed)
        {
            foreach (int id in _added)
                _bits[id >> 5] = 0;
            machine.Budget.Keep(4 * (_added.Count + _removed.Count));
            result = new(bits, [.. _added], [.. _removed]);
        }
        else
        {
            machine.Budget.Keep(4 * _bits.Length);
            uint[] own = [.. _bits];
            for (int i = 0; i < own.Length && bits is not null; i++)
                own[i] |= bits[i];
            foreach (int id in _removed)
                own[id >> 5] &= ~(1u << (id & 31));
            Array.Clear(_bits);
            result = new(own, [], []);
        }
        _added.Clear();
        _removed.Clear();
        return result;
    }

    /// <summary>Forgets a walk that did not come to its end.</summary>
    private void Clear()
    {
        Array.Clear(_bits);
        _added.Clear();
        _removed.Clear();
    }

    /// <summary>Adds tokens; the list is kept only as long as it is short.</summary>
    private void Add(ReadOnlySpan<int> tokens)
    {
        foreach (int id in tokens)
        {
            _bits[id >> 5] |= 1u << (id & 31);
            if (_added.Count <= MaxListed)
                _added.Add(id);
        }
    }

    private void WalkMachine(TokenTrie trie)
    {
        ReadOnlySpan<byte> bytes = trie.Bytes, depths = trie.Depths;
        ReadOnlySpan<int> ends = trie.Ends, first = trie.FirstTokens, tokens = trie.Tokens;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            MachineState next = machine.Step(_machinePath[depth - 1], bytes[node]);
            if (next.IsDead)
            {
                node = ends[node];
                continue;
            }
            _machinePath[depth] = next;
            Add(tokens[first[node]..first[++node]]);
        }
    }

    private void WalkLexer(TokenTrie trie)
    {
        ReadOnlySpan<byte> bytes = trie.Bytes, depths = trie.Depths;
        ReadOnlySpan<int> ends = trie.Ends, first = trie.FirstTokens, tokens = trie.Tokens;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            LexState next = machine.Lexer.Step(_lexPath[depth - 1], bytes[node]);
            if (next.IsDead)
            {
                node = ends[node];
                continue;
            }
            _lexPath[depth] = next;
            Add(tokens[first[node]..first[++node]]);
        }
    }

    /// <summary>Walks the plain tokens, adding those that are allowed or, from a base of all, removing those that are not.</summary>
    private void WalkPlain(bool fromAll)
    {
        TokenTrie trie = vocabulary.Plain;
        ReadOnlySpan<byte> bytes = trie.Bytes, depths = trie.Depths;
        ReadOnlySpan<int> ends = trie.Ends, first = trie.FirstTokens, tokens = trie.Tokens;
        for (int node = 0; node < bytes.Length;)
        {
            int depth = depths[node];
            LexState next = machine.Lexer.Step(_lexPath[depth - 1], bytes[node]);
            if (next.IsDead || IsFree(next))
            {
                int end = ends[node];
                if (next.IsDead && fromAll)
                    _removed.AddRange(tokens[first[node]..first[end]]);
                else if (!next.IsDead && !fromAll)
                    Add(tokens[first[node]..first[end]]);
                node = end;
                continue;
            }
            _lexPath[depth] = next;
            node++;
            if (!fromAll)
                Add(tokens[first[node - 1]..first[node]]);
        }
    }

    /// <summary>More than half of the plain tokens begin with a byte after which all is allowed.</summary>
    private bool IsMostlyFree(LexState lex)
    {
        TokenTrie trie = vocabulary.Plain;
        int free = 0;
        for (int node = 0; node < trie.NumNodes; node = trie.Ends[node])
        {
            if (IsFree(machine.Lexer.Step(lex, trie.Bytes[node])))
                free += trie.FirstTokens[trie.Ends[node]] - trie.FirstTokens[node];
        }
        return free * 2 > trie.Tokens.Length;
    }

    /// <summary>Every plain token is allowed, here and after any of them.</summary>
    private bool IsFree(LexState lex) => lex.IsFree ??= Array.Exists(lex.Items, i => IsFree(i.Remainder));

    private bool IsFree(Rx rest)
    {
        machine.Budget.Descend();
        return rest.Kind switch
        {
            RxKind.Repeat => rest.Max == Rx.Unbounded && anyTextCharacter.Contains(rest.Head),
            RxKind.Concat => IsFree(rest.Head),
            RxKind.Or => Array.Exists(rest.Parts, IsFree),
            // Whatever comes, a text that is none of finitely many can be gone on with: names that are not declared.
            RxKind.And => Array.TrueForAll(rest.Parts, p => p.Kind == RxKind.Not ? p.Head.IsFinite : IsFree(p)),
            _ => false,
        };
    }

    /// <summary>The number of any characters that may follow and after which the string must end; null when it is not as simple as that.</summary>
    private int? FreeCharacters(LexState lex)
    {
        if (IsFree(lex))
            return int.MaxValue;
        int free = 0;
        foreach ((_, Rx rest) in lex.Items)
        {
            if (rest.Kind != RxKind.Concat || rest.Head.Kind != RxKind.Repeat || !anyTextCharacter.Contains(rest.Head.Head)
                || !(rest.Tail.Kind == RxKind.Literal && rest.Tail.Text[rest.Tail.Number] is (byte)'"' or RxBuilder.ControlByte))
                return null;
            free = Math.Max(free, rest.Head.Max);
        }
        return free;
    }
}
