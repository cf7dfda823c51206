using System.Runtime.CompilerServices;

namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>Makes expressions, each once, in a normal form that keeps the number of derivatives small.</summary>
/// <remarks>Brzozowski 1964; Owens, Reppy and Turon 2009 for the normal form. Not thread-safe.</remarks>
internal sealed partial class RxBuilder
{
    /// <summary>Stands for a control token: never part of UTF-8, followed by the token's id (<see cref="ControlToken"/>).</summary>
    public const byte ControlByte = 0xFF;

    private const byte Quote = (byte)'"';

    private readonly Dictionary<Key, Rx> _nodes = new(new KeyComparer());
    private readonly Dictionary<string, byte[]> _texts = [];
    private readonly HashSet<ByteSet> _sets = [];

    public RxBuilder()
    {
        Nothing = Intern(new(RxKind.Nothing), false);
        Empty = Intern(new(RxKind.Empty), true);
        AnyByte = Bytes(ByteSet.All);
        Everything = Repeat(AnyByte, 0, Rx.Unbounded);
    }

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
        for (int i = parts.Length - 1; i >= 0; i--)
            result = Concat(parts[i], result);
        return result;
    }

    public Rx Concat(Rx a, Rx b)
    {
        if (a == Nothing || b == Nothing)
            return Nothing;
        if (a == Empty)
            return b;
        if (b == Empty)
            return a;
        if (a.Kind == RxKind.Concat)
            return Concat(a.Head, Concat(a.Tail, b));
        if (a == Everything && b == Everything)
            return a;
        // Neighbouring literals are one, so that a name with its delimiters costs no more than its bytes.
        if (_classOf is null && a.Kind == RxKind.Literal && b.Kind == RxKind.Literal)
            return Literal([.. a.Text.AsSpan(a.Number), .. b.Text.AsSpan(b.Number)]);
        if (_classOf is null && a.Kind == RxKind.Literal && b.Kind == RxKind.Concat && b.Head.Kind == RxKind.Literal)
            return Concat(Literal([.. a.Text.AsSpan(a.Number), .. b.Head.Text.AsSpan(b.Head.Number)]), b.Tail);
        return Intern(new(RxKind.Concat) { Parts = [a, b] }, a.Nullable && b.Nullable, a.MayBeVain || b.MayBeVain,
            a.NeedsQuote || b.NeedsQuote, a.NeedsControl || b.NeedsControl);
    }

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
            Id = _nodes.Count,
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
        };
        _nodes.Add(key, node);
        return node;
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
