namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>A mapping that keeps the order of insertion. Never changed after it is made.</summary>
internal sealed class DictValue : Value
{
    public static readonly DictValue Empty = new([]);

    private readonly List<KeyValuePair<Value, Value>> _entries = [];
    private readonly Dictionary<Value, int> _places = new(ValueComparer.Instance);

    /// <summary>A dict of the entries; a later value of an equal key takes the earlier one's place.</summary>
    public DictValue(IEnumerable<KeyValuePair<Value, Value>> entries)
    {
        foreach ((Value key, Value value) in entries)
        {
            if (!key.IsHashable)
                throw Fault.Value($"unhashable type: '{key.TypeName}'");
            if (_places.TryAdd(key, _entries.Count))
                _entries.Add(new(key, value));
            else
                _entries[_places[key]] = new(_entries[_places[key]].Key, value);
        }
        Weight = SequenceValue.WeightOf(_entries.Select(entry => entry.Key)) + SequenceValue.WeightOf(_entries.Select(entry => entry.Value));
    }

    public IReadOnlyList<KeyValuePair<Value, Value>> Entries => _entries;

    public override string TypeName => "dict";

    public override int? Count => _entries.Count;

    public override bool IsIterable => true;

    public override bool IsSequence => true; // it has a length and takes subscripts, which is all the test asks

    public override long Weight { get; }

    public override bool IsHashable => false;

    public Value? Find(Value key) =>
        key.IsHashable && _places.TryGetValue(key, out int at) ? _entries[at].Value : null;

    public Value? Find(Value key, RenderContext context)
    {
        context.Budget.Step(key.Weight);
        return Find(key);
    }

    public Value? Find(string key) => Find(Text.Data(key));

    public override IEnumerable<Value> Iterate(RenderContext context) => _entries.Select(entry => entry.Key);

    public override Value? TryGetItem(Value key, RenderContext context) => Find(key, context);

    public override Value? TryGetAttribute(string name, RenderContext context) => Builtins.DictMethods.TryBind(this, name);

    public override bool ValueEquals(Value other)
    {
        if (ReferenceEquals(this, other))
            return true;
        if (other is not DictValue dict || dict._entries.Count != _entries.Count)
            return false;
        RenderBudget.EnsureStack();
        return _entries.All(entry => dict.Find(entry.Key) is { } value && value.ValueEquals(entry.Value));
    }

    public override void WriteRepr(TextBuilder output)
    {
        RenderBudget.EnsureStack();
        output.AppendData("{");
        for (int i = 0; i < _entries.Count; i++)
        {
            if (i > 0)
                output.AppendData(", ");
            _entries[i].Key.WriteRepr(output);
            output.AppendData(": ");
            _entries[i].Value.WriteRepr(output);
        }
        output.AppendData("}");
    }
}
