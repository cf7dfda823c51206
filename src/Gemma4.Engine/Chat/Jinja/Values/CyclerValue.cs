namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>cycler(a, b)</c>: gives its values in turn.</summary>
internal sealed class CyclerValue(IReadOnlyList<Value> items) : Value
{
    private int _at;

    public override string TypeName => "Cycler";

    public override Value? TryGetAttribute(string name, RenderContext context) => name switch
    {
        "current" => items.Count > 0 ? items[_at] : throw Fault.Value("at least one item has to be provided"),
        "next" => new FunctionValue("next", (_, _) =>
        {
            if (items.Count == 0)
                throw Fault.Value("at least one item has to be provided");
            Value current = items[_at];
            _at = (_at + 1) % items.Count;
            return current;
        }),
        "reset" => new FunctionValue("reset", (_, _) =>
        {
            _at = 0;
            return NoneValue.Instance;
        }),
        _ => null,
    };

    public override void WriteRepr(TextBuilder output) => output.AppendData("<Cycler>");
}
