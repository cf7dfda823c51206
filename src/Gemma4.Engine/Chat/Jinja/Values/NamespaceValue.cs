namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>namespace(...)</c>: the one value a template can change.</summary>
internal sealed class NamespaceValue(IEnumerable<KeyValuePair<string, Value>> attributes) : Value
{
    private readonly Dictionary<string, Value> _attributes = Last(attributes);

    public override string TypeName => "Namespace";

    public void Set(string name, Value value) => _attributes[name] = value;

    public override Value? TryGetAttribute(string name, RenderContext context) => _attributes.GetValueOrDefault(name);

    public override void WriteRepr(TextBuilder output)
    {
        RenderBudget.EnsureStack();
        output.AppendData("<Namespace ");
        new DictValue(_attributes.Select(pair => new KeyValuePair<Value, Value>(Text.Data(pair.Key), pair.Value))).WriteRepr(output);
        output.AppendData(">");
    }

    private static Dictionary<string, Value> Last(IEnumerable<KeyValuePair<string, Value>> attributes)
    {
        var last = new Dictionary<string, Value>();
        foreach ((string name, Value value) in attributes)
            last[name] = value;
        return last;
    }
}
