namespace Gemma4.Engine.StructuredOutput.Automata;

/// <summary>What remains of an expression after a byte, and whether anything does.</summary>
internal sealed partial class RxBuilder
{
    /// <summary>A search for something accepted that costs more than this is given up; a real pattern needs some hundred states. What is
    /// given up while a grammar is compiled is refused, so that what is left to search later is the rest of what was found alive.</summary>
    private const int MaxSearchUnits = 200_000, MaxSearchUnitsLater = 20_000;

    private readonly List<Rx> _derived = [];
    private byte[]? _classOf;
    private int _numClasses;
    private int _numFrozen;

    /// <summary>From now on derivatives are remembered, one a class of bytes that no expression tells apart.</summary>
    public void Freeze(byte[] classOf, int numClasses)
    {
        _classOf = classOf;
        _numClasses = numClasses;
        _numFrozen = _nextId;
    }

    /// <summary>Forgets what came after <see cref="Freeze"/>; expressions in use stay valid.</summary>
    public void Trim()
    {
        foreach (Rx rx in _derived)
            rx.Derivatives = null;
        _derived.Clear();
        foreach ((Key key, Rx node) in _nodes)
        {
            if (node.Id >= _numFrozen)
                _nodes.Remove(key);
        }
    }

    /// <summary>The rest of what <paramref name="rx"/> accepts after <paramref name="value"/>.</summary>
    public Rx Derive(Rx rx, byte value)
    {
        switch (rx.Kind)
        {
            case RxKind.Nothing or RxKind.Empty:
                return Nothing;
            case RxKind.Bytes:
                return rx.Set.Contains(value) ? Empty : Nothing;
            case RxKind.Literal when rx.Text[rx.Number] != value:
                return Nothing;
            case RxKind.Literal:
                return (rx.Derivatives ??= new Rx?[1])[0] ??= Literal(rx.Text, rx.Number + 1);
        }
        if (_classOf is null)
            return DeriveNew(rx, value);
        if (rx.Derivatives is null)
        {
            rx.Derivatives = new Rx?[_numClasses];
            _derived.Add(rx);
            Budget.Keep(8 * _numClasses);
        }
        return rx.Derivatives[_classOf[value]] ??= DeriveNew(rx, value);
    }

    private Rx DeriveNew(Rx rx, byte value)
    {
        Budget.Descend();
        switch (rx.Kind)
        {
            case RxKind.Concat:
                Rx first = Concat(Derive(rx.Head, value), rx.Tail);
                return rx.Head.Nullable ? Or(first, Derive(rx.Tail, value)) : first;
            case RxKind.Not:
                return Not(Derive(rx.Head, value));
            case RxKind.Repeat:
                if (rx == Everything)
                    return rx;
                Rx one = Derive(rx.Head, value);
                return one == Nothing ? one : Concat(one, Repeat(rx.Head, Math.Max(rx.Number - 1, 0), rx.Max == Rx.Unbounded ? rx.Max : rx.Max - 1));
            case RxKind.Automaton:
                return Automaton(rx.Automaton!, rx.Automaton!.Next(rx.Number, value));
            default:
                return DeriveParts(rx, value);
        }
    }

    /// <summary>Whether <paramref name="rx"/> accepts anything at all; null when that is too hard to tell.</summary>
    public bool? IsLive(Rx rx) => rx.Live ??= FitsWithinLength(rx) ? true : Search(rx);

    /// <summary>A text expression and a largest length meet in the shortest text, of which no character has less than a byte. Where one of
    /// them is more than text this says too much, which <see cref="Lexer"/> can live with.</summary>
    private bool FitsWithinLength(Rx rx)
    {
        if (rx is not { Kind: RxKind.And, Parts: [var a, var b] })
            return false;
        (Rx bound, Rx text) = a.Kind == RxKind.Repeat && AnyTextCharacter.Contains(a.Head) ? (a, b) : (b, a);
        return bound.Kind == RxKind.Repeat && bound.Number == 0 && AnyTextCharacter.Contains(bound.Head) && !text.MayBeVain && text.MinLength <= bound.Max;
    }

    /// <summary>Runs <paramref name="rx"/> over a whole text.</summary>
    public bool Matches(Rx rx, ReadOnlySpan<byte> text)
    {
        foreach (byte value in text)
        {
            if (rx == Nothing)
                return false;
            rx = Derive(rx, value);
        }
        return rx.Nullable;
    }

    private Rx DeriveParts(Rx rx, byte value)
    {
        List<Rx> parts = new(rx.Parts.Length);
        foreach (Rx part in rx.Parts)
        {
            Rx derived = Derive(part, value);
            if (derived != Nothing)
                parts.Add(derived);
            else if (rx.Kind == RxKind.And)
                return Nothing;
        }
        return rx.Kind == RxKind.And ? And([.. parts]) : Or([.. parts]);
    }

    /// <summary>Looks for a way from <paramref name="start"/> to something accepted, nearest first by a lower bound of what is left to
    /// read. All on the way are live, and if there is none, all seen are vain.</summary>
    private bool? Search(Rx start)
    {
        if (start.IsTooHard)
            return null;
        long end = Budget.Units + (_classOf is null ? MaxSearchUnits : MaxSearchUnitsLater);
        Dictionary<Rx, Rx?> cameFrom = new() { [start] = null };
        PriorityQueue<Rx, int> open = new([(start, 0)]);
        List<ByteSet> classes = [];
        while (open.TryDequeue(out Rx? rx, out _))
        {
            classes.Clear();
            classes.Add(ByteSet.All);
            SplitByFirst(rx, classes);
            foreach (ByteSet set in classes)
            {
                Rx next = Derive(rx, (byte)set.First);
                if (next.Live == true)
                {
                    for (Rx? way = rx; way is not null; way = cameFrom[way])
                        way.Live = true;
                    return true;
                }
                if (next.Live is null && cameFrom.TryAdd(next, rx))
                    open.Enqueue(next, next.MinLength);
            }
            if (Budget.Units > end)
            {
                start.IsTooHard = true;
                return null;
            }
        }
        foreach (Rx seen in cameFrom.Keys)
            seen.Live = false;
        return false;
    }

    /// <summary>Splits the bytes into classes with equal derivatives.</summary>
    public void SplitByFirst(Rx rx, List<ByteSet> classes)
    {
        Budget.Descend();
        switch (rx.Kind)
        {
            case RxKind.Bytes:
                Split(classes, rx.Set);
                break;
            case RxKind.Literal:
                Split(classes, ByteSet.Of(rx.Text[rx.Number]));
                break;
            case RxKind.Concat:
                SplitByFirst(rx.Head, classes);
                if (rx.Head.Nullable)
                    SplitByFirst(rx.Tail, classes);
                break;
            case RxKind.Automaton:
                foreach (ByteSet set in rx.Automaton!.Alphabet)
                    Split(classes, set);
                break;
            default:
                foreach (Rx part in rx.Parts)
                    SplitByFirst(part, classes);
                break;
        }
        Budget.Charge(classes.Count / 4);
    }

    /// <summary>Refines a partition of the bytes so that <paramref name="set"/> is a union of classes.</summary>
    public static void Split(List<ByteSet> classes, ByteSet set)
    {
        for (int i = classes.Count - 1; i >= 0; i--)
        {
            ByteSet inside = classes[i] & set;
            if (inside.IsEmpty || inside == classes[i])
                continue;
            classes[i] &= ~set;
            classes.Add(inside);
        }
    }
}
