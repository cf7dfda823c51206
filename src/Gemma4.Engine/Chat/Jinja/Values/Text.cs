using System.Buffers;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A string whose characters remember where they come from.</summary>
/// <remarks>
/// Either flat (characters, and runs of equal provenance) or the joint of two texts, flattened when its characters are first
/// asked for: templates build answers by appending in a loop, which would otherwise be quadratic. Comparisons look at
/// characters only.
/// </remarks>
internal sealed class Text : Value
{
    public static readonly Text Empty = new("", Provenance.Data);

    private static readonly SearchValues<char> Surrogates =
        SearchValues.Create([.. Enumerable.Range(0xD800, 0x800).Select(c => (char)c)]);

    private string? _chars;
    private ProvenanceRun[]? _runs; // null: all of _provenance
    private Provenance _provenance;
    private Text? _left;
    private Text? _right;
    private RenderBudget? _budget;
    private int? _hash;
    private byte _astral; // 0 not looked, 1 none, 2 some characters take two UTF-16 units

    public Text(string chars, Provenance provenance)
    {
        _chars = chars;
        _provenance = provenance;
        Length = chars.Length;
    }

    public Text(string chars, ProvenanceRun[] runs)
    {
        _chars = chars;
        Length = chars.Length;
        if (runs.Length <= 1)
            _provenance = runs.Length == 1 ? runs[0].Provenance : Provenance.Data;
        else
            _runs = runs;
    }

    private Text(Text left, Text right, RenderBudget budget)
    {
        _left = left;
        _right = right;
        _budget = budget;
        Length = left.Length + right.Length;
    }

    /// <summary>UTF-16 units; Python's length is <see cref="Count"/>.</summary>
    public int Length { get; }

    public string Chars
    {
        get
        {
            if (_chars is null)
                Flatten();
            return _chars!;
        }
    }

    public override string TypeName => "str";

    public override bool IsTrue => Length > 0;

    public override int? Count => HasAstral ? CodePoints.Count(Chars) : Length;

    /// <summary>Whether positions in Python's count differ from positions in <see cref="Chars"/>.</summary>
    public bool HasAstral
    {
        get
        {
            if (_astral == 0)
                _astral = Chars.AsSpan().ContainsAny(Surrogates) ? (byte)2 : (byte)1;
            return _astral == 2;
        }
    }

    public override long Weight => Length >> 6;

    public static Text Template(string chars) => new(chars, Provenance.Template);

    public static Text Data(string chars) => chars.Length == 0 ? Empty : new(chars, Provenance.Data);

    public static Text Concat(Text left, Text right, RenderBudget budget)
    {
        if (left.Length == 0)
            return right;
        if (right.Length == 0)
            return left;
        budget.CheckLength((long)left.Length + right.Length);
        budget.Make();
        return new Text(left, right, budget);
    }

    /// <summary>The characters [start, start + length) with their provenance.</summary>
    public Text Slice(int start, int length, RenderBudget budget)
    {
        if (length <= 0)
            return Empty;
        string chars = Chars;
        if (start == 0 && length == chars.Length)
            return this;
        var builder = new TextBuilder(budget);
        builder.Append(this, start, length);
        return builder.ToText();
    }

    /// <summary>The runs of equal provenance that cover [start, start + length), in order.</summary>
    public IEnumerable<(int Start, int Length, Provenance Provenance)> Runs(int start, int length)
    {
        _ = Chars;
        if (_runs is null)
        {
            if (length > 0)
                yield return (start, length, _provenance);
            yield break;
        }
        int end = start + length;
        int index = Array.BinarySearch(_runs, new ProvenanceRun(start + 1, default), ProvenanceRun.ByEnd);
        for (int at = start, i = index < 0 ? ~index : index; at < end; i++)
        {
            int until = Math.Min(end, _runs[i].End);
            yield return (at, until - at, _runs[i].Provenance);
            at = until;
        }
    }

    public override void WriteStr(TextBuilder output) => output.Append(this);

    public override void WriteRepr(TextBuilder output) => PythonRepr.Write(this, output);

    public override bool ValueEquals(Value other) =>
        other is Text text && Length == text.Length && (ReferenceEquals(this, text) || Chars == text.Chars);

    public override int ValueHash() => _hash ??= Chars.GetHashCode(StringComparison.Ordinal);

    public override IEnumerable<Value> Iterate(RenderContext context)
    {
        string chars = Chars;
        for (int i = 0; i < chars.Length;)
        {
            int width = CodePoints.Width(chars, i);
            yield return Slice(i, width, context.Budget);
            i += width;
        }
    }

    public override bool IsIterable => true;

    public override bool IsSequence => true;

    public override Value? TryGetItem(Value key, RenderContext context)
    {
        if (!Numbers.TryIndex(key, out long index))
            return null;
        context.Budget.Read(Length);
        int count = Count!.Value;
        if (index < 0)
            index += count;
        if (index < 0 || index >= count)
            return null;
        int at = HasAstral ? CodePoints.Offset(Chars, (int)index) : (int)index;
        return Slice(at, CodePoints.Width(Chars, at), context.Budget);
    }

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.StringMethods.TryBind(this, name);

    public override string ToString() => Chars;

    private void Flatten()
    {
        var builder = new TextBuilder(_budget!);
        var pending = new Stack<Text>();
        for (Text? next = this; next is not null || pending.TryPop(out next);)
        {
            if (next._chars is null)
            {
                pending.Push(next._right!);
                next = next._left;
                continue;
            }
            builder.Append(next);
            next = null;
        }
        (_chars, _runs, _provenance) = builder.Take();
        (_left, _right, _budget) = (null, null, null);
    }
}
