using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>Makes expressions, each once, in a normal form that keeps the number of derivatives small.</summary>
/// <remarks>Brzozowski 1964; Owens, Reppy and Turon 2009 for the normal form. Not thread-safe.</remarks>
internal sealed partial class RxBuilder
{
    /// <summary>Stands for a control token: never part of UTF-8, followed by the token's id (<see cref="ControlToken"/>).</summary>
    public const byte ControlByte = 0xFF;

    private const byte Quote = (byte)'"';

    /// <summary>About what a node and its place in the table take.</summary>
    private const int BytesOfNode = 320;

    private readonly Dictionary<Key, Rx> _nodes = new(new KeyComparer());
    private readonly Dictionary<string, byte[]> _texts = [];
    private readonly HashSet<ByteSet> _sets = [];
    private int _nextId;

    /// <param name="budget">Pays for every node; null for one without limits.</param>
    public RxBuilder(WorkBudget? budget = null)
    {
        Budget = budget ?? new();
        Nothing = Intern(new(RxKind.Nothing), false);
        Empty = Intern(new(RxKind.Empty), true);
        AnyByte = Bytes(ByteSet.All);
        Everything = Repeat(AnyByte, 0, Rx.Unbounded);
    }

    public WorkBudget Budget { get; }

    /// <summary>Expressions for any one character of a text.</summary>
    public HashSet<Rx> AnyTextCharacter { get; } = [];

    public Rx Nothing { get; }

    public Rx Empty { get; }

    public Rx AnyByte { get; }

    public Rx Everything { get; }

    /// <summary>Every set of bytes that any expression tells apart.</summary>
    public IReadOnlyCollection<ByteSet> Sets => _sets;

    public int Count => _nodes.Count;

    public Rx Bytes(ByteSet set)
    {
        if (set.IsEmpty)
            return Nothing;
        _sets.Add(set);
        return Intern(new(RxKind.Bytes) { Set = set }, false, quote: set == ByteSet.Of(Quote), control: set == ByteSet.Of(ControlByte));
    }

    public Rx Literal(string text) => Literal(System.Text.Encoding.UTF8.GetBytes(text));

    public Rx Literal(ReadOnlySpan<byte> text)
    {
        if (text.IsEmpty)
            return Empty;
        string key = string.Create(text.Length, text, static (chars, bytes) =>
        {
            for (int i = 0; i < chars.Length; i++)
                chars[i] = (char)bytes[i];
        });
        if (!_texts.TryGetValue(key, out byte[]? shared))
        {
            Budget.Charge(text.Length / 8);
            Budget.Keep(3 * text.Length);
            _texts.Add(key, shared = text.ToArray());
            foreach (byte b in shared)
                _sets.Add(ByteSet.Of(b));
        }
        return Literal(shared, 0);
    }

    /// <summary>The control token as the vocabulary's trie spells it: <see cref="ControlByte"/> and its id in three bytes of seven bits.</summary>
    public Rx ControlToken(int tokenId) => Literal(ControlTokenBytes(tokenId));

    public static byte[] ControlTokenBytes(int tokenId) =>
        [ControlByte, (byte)(tokenId >> 14 & 0x7F), (byte)(tokenId >> 7 & 0x7F), (byte)(tokenId & 0x7F)];

    public Rx Concat(params ReadOnlySpan<Rx> parts)
    {
        Rx result = Empty;
        for (int end = parts.Length, start; end > 0; end = start)
        {
            start = end - 1;
            while (_classOf is null && start > 0 && parts[start].Kind == RxKind.Literal && parts[start - 1].Kind == RxKind.Literal)
                start--;
            result = Concat(end - start == 1 ? parts[start] : Joined(parts[start..end]), result);
        }
        return result;
    }

    /// <summary>A run of literals as one.</summary>
    private Rx Joined(ReadOnlySpan<Rx> literals)
    {
        List<byte> text = [];
        foreach (Rx literal in literals)
            text.AddRange(literal.Text.AsSpan(literal.Number));
        return Literal(CollectionsMarshal.AsSpan(text));
    }

    public Rx Concat(Rx a, Rx b)
    {
        if (a == Nothing || b == Nothing)
            return Nothing;
        if (a == Empty)
            return b;
        if (b == Empty)
            return a;
        if (a.Kind != RxKind.Concat)
            return Link(a, b);
        // Chains hang to the right, whatever their length.
        List<Rx> heads = [];
        for (; a.Kind == RxKind.Concat; a = a.Tail)
            heads.Add(a.Head);
        b = Link(a, b);
        for (int i = heads.Count - 1; i >= 0; i--)
            b = Link(heads[i], b);
        return b;
    }

    /// <summary>One link more at the head of a chain.</summary>
    private Rx Link(Rx a, Rx b)
    {
        Rx next = b.Kind == RxKind.Concat ? b.Head : b;
        // Neighbouring literals are one, so that a name with its delimiters costs no more than its bytes.
        if (_classOf is null && a.Kind == RxKind.Literal && next.Kind == RxKind.Literal)
            return Rest(Literal([.. a.Text.AsSpan(a.Number), .. next.Text.AsSpan(next.Number)]));
        // x{a,b} x{c,d} is x{a+c,b+d}: a run of optional parts has as many states as it has parts, not their square.
        if (a.Kind == RxKind.Repeat && next.Kind == RxKind.Repeat && a.Head == next.Head && Sum(a.Number, next.Number) < Rx.Unbounded)
            return Rest(Repeat(a.Head, a.Number + next.Number, Sum(a.Max, next.Max)));
        return Intern(new(RxKind.Concat) { Parts = [a, b] }, a.Nullable && b.Nullable, a.MayBeVain || b.MayBeVain,
            a.NeedsQuote || b.NeedsQuote, a.NeedsControl || b.NeedsControl);

        Rx Rest(Rx merged) => b.Kind == RxKind.Concat ? Link(merged, b.Tail) : merged;
    }

    /// <summary>Of counts, where <see cref="Rx.Unbounded"/> is without end.</summary>
    private static int Sum(int a, int b) => (int)Math.Min((long)a + b, Rx.Unbounded);

    public Rx Repeat(Rx part, int min, int max)
    {
        if (max == 0 || part == Empty)
            return Empty;
        if (part == Nothing)
            return min == 0 ? Empty : Nothing;
        if (min == 1 && max == 1)
            return part;
        if (part.Nullable)
            min = 0;
        if (part.Kind == RxKind.Repeat && part.Number == 0 && part.Max == Rx.Unbounded)
            return part;
        return Intern(new(RxKind.Repeat) { Parts = [part], Number = min, Max = max }, min == 0, min > 0 && part.MayBeVain,
            min > 0 && part.NeedsQuote, min > 0 && part.NeedsControl);
    }

    public Rx Optional(Rx part) => Or(part, Empty);

    public Rx Not(Rx part)
    {
        if (part.Kind == RxKind.Not)
            return part.Head;
        if (part == Nothing)
            return Everything;
        if (part == Everything)
            return Nothing;
        return Intern(new(RxKind.Not) { Parts = [part] }, !part.Nullable, true);
    }

    public Rx Automaton(IByteAutomaton automaton) => Automaton(automaton, automaton.Start);

    public Rx Or(params ReadOnlySpan<Rx> parts)
    {
        List<Rx> flat = [];
        ByteSet set = default;
        foreach (Rx part in parts)
            Flatten(RxKind.Or, part, flat);
        Budget.Charge(flat.Count);
        for (int i = flat.Count - 1; i >= 0; i--)
        {
            if (flat[i] == Everything)
                return Everything;
            if (flat[i].Kind == RxKind.Bytes)
                set |= flat[i].Set;
            else if (flat[i] != Nothing)
                continue;
            flat.RemoveAt(i);
        }
        if (!set.IsEmpty)
            flat.Add(Bytes(set));
        Rx[] unique = Sorted(flat);
        if (unique.Length == 0)
            return Nothing;
        if (unique.Length == 1)
            return unique[0];
        // x | nothing-read is x when x already accepts it.
        if (Array.IndexOf(unique, Empty) >= 0 && unique.Any(p => p != Empty && p.Nullable))
            return Or([.. unique.Where(p => p != Empty)]);
        return Intern(new(RxKind.Or) { Parts = unique }, unique.Any(p => p.Nullable), unique.Any(p => p.MayBeVain),
            unique.All(p => p.NeedsQuote), unique.All(p => p.NeedsControl));
    }

    public Rx And(params ReadOnlySpan<Rx> parts)
    {
        List<Rx> flat = [];
        foreach (Rx part in parts)
            Flatten(RxKind.And, part, flat);
        Budget.Charge(flat.Count);
        if (flat.Contains(Nothing))
            return Nothing;
        flat.RemoveAll(p => p == Everything);
        Rx[] unique = Sorted(flat);
        if (unique.Length == 0)
            return Everything;
        if (unique.Length == 1)
            return unique[0];
        if (Array.IndexOf(unique, Empty) >= 0)
            return unique.All(p => p.Nullable) ? Empty : Nothing;
        return Intern(new(RxKind.And) { Parts = unique }, unique.All(p => p.Nullable), true,
            unique.Any(p => p.NeedsQuote), unique.Any(p => p.NeedsControl));
    }

    private Rx Automaton(IByteAutomaton automaton, int state)
    {
        if (state < 0)
            return Nothing;
        foreach (ByteSet set in automaton.Alphabet)
            _sets.Add(set);
        return Intern(new(RxKind.Automaton) { Automaton = automaton, Number = state }, automaton.IsAccepting(state), true);
    }

    private Rx Literal(byte[] text, int offset)
    {
        if (offset == text.Length)
            return Empty;
        ReadOnlySpan<byte> rest = text.AsSpan(offset);
        return Intern(new(RxKind.Literal) { Text = text, Number = offset }, false, false, rest.Contains(Quote), rest.Contains(ControlByte));
    }

    private static void Flatten(RxKind kind, Rx part, List<Rx> into)
    {
        if (part.Kind != kind)
            into.Add(part);
        else
            into.AddRange(part.Parts);
    }

    private static Rx[] Sorted(List<Rx> parts)
    {
        parts.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        int kept = 0;
        for (int i = 0; i < parts.Count; i++)
        {
            if (i == 0 || parts[i] != parts[i - 1])
                parts[kept++] = parts[i];
        }
        return [.. parts.Take(kept)];
    }

    private Rx Intern(Key key, bool nullable, bool mayBeVain = false, bool quote = false, bool control = false)
    {
        if (_nodes.TryGetValue(key, out Rx? known))
            return known;
        Rx node = new()
        {
            Id = _nextId++,
            Kind = key.Kind,
            Nullable = nullable,
            MayBeVain = mayBeVain,
            NeedsQuote = quote,
            NeedsControl = control,
            Set = key.Set,
            Text = key.Text ?? [],
            Number = key.Number,
            Max = key.Max,
            Parts = key.Parts ?? [],
            Automaton = key.Automaton,
            Live = key.Kind == RxKind.Nothing ? false : nullable || !mayBeVain ? true : null,
            MinLength = nullable ? 0 : LeastLength(key),
            IsFinite = AcceptsFinitely(key),
        };
        Budget.Charge(1 + node.Parts.Length);
        Budget.Keep(BytesOfNode + 8 * node.Parts.Length);
        _nodes.Add(key, node);
        return node;
    }

    private static bool AcceptsFinitely(in Key key) => key.Kind switch
    {
        RxKind.Not or RxKind.Automaton => false,
        RxKind.And => Array.Exists(key.Parts!, static p => p.IsFinite),
        RxKind.Repeat => key.Max < Rx.Unbounded && key.Parts![0].IsFinite,
        _ => Array.TrueForAll(key.Parts ?? [], static p => p.IsFinite),
    };

    /// <summary>A lower bound of the length of what is accepted.</summary>
    private static int LeastLength(in Key key)
    {
        Rx[] parts = key.Parts ?? [];
        return key.Kind switch
        {
            RxKind.Literal => key.Text!.Length - key.Number,
            RxKind.Concat => Sum(parts[0].MinLength, parts[1].MinLength),
            RxKind.Or => parts.Min(static p => p.MinLength),
            RxKind.And => parts.Max(static p => p.MinLength),
            RxKind.Repeat => (int)Math.Min((long)parts[0].MinLength * key.Number, Rx.Unbounded),
            _ => 1,
        };
    }

    private readonly struct Key(RxKind kind)
    {
        public RxKind Kind { get; } = kind;

        public ByteSet Set { get; init; }

        public byte[]? Text { get; init; }

        public int Number { get; init; }

        public int Max { get; init; }

        public Rx[]? Parts { get; init; }

        public IByteAutomaton? Automaton { get; init; }
    }

    private sealed class KeyComparer : IEqualityComparer<Key>
    {
        public bool Equals(Key x, Key y) =>
            x.Kind == y.Kind && x.Number == y.Number && x.Max == y.Max && x.Set == y.Set && x.Text == y.Text && x.Automaton == y.Automaton
            && (x.Parts == y.Parts || (x.Parts is not null && y.Parts is not null && x.Parts.AsSpan().SequenceEqual(y.Parts)));

        public int GetHashCode(Key key)
        {
            HashCode hash = default;
            hash.Add((int)key.Kind);
            hash.Add(key.Number);
            hash.Add(key.Max);
            hash.Add(key.Set);
            hash.Add(key.Text is null ? 0 : RuntimeHelpers.GetHashCode(key.Text));
            hash.Add(key.Automaton is null ? 0 : RuntimeHelpers.GetHashCode(key.Automaton));
            foreach (Rx part in key.Parts ?? [])
                hash.Add(part.Id);
            return hash.ToHashCode();
        }
    }
}
