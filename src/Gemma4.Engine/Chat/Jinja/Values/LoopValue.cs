using Gemma4.Engine.Chat.Jinja.Builtins;

namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary><c>loop</c>: where a <c>for</c> is.</summary>
/// <param name="elements">What it walks.</param>
/// <param name="depth">How many recursive calls deep, from 0.</param>
/// <param name="recurse">Renders the loop over other elements, for a <c>recursive</c> one.</param>
internal sealed class LoopValue(IReadOnlyList<Value> elements, int depth, Func<Value, Text>? recurse) : Value
{
    private int _at = -1;
    private List<Value>? _lastChanged;

    public override string TypeName => "LoopContext";

    public override bool IsCallable => true;

    public Value Current => elements[_at];

    public override int? Count => elements.Count;

    public override bool IsTrue => elements.Count > 0;

    public bool MoveNext() => ++_at < elements.Count;

    public override Value? TryGetAttribute(string name, RenderContext context) => name switch
    {
        "index" => IntValue.Of(_at + 1),
        "index0" => IntValue.Of(_at),
        "revindex" => IntValue.Of(elements.Count - _at),
        "revindex0" => IntValue.Of(elements.Count - _at - 1),
        "first" => BoolValue.Of(_at == 0),
        "last" => BoolValue.Of(_at == elements.Count - 1),
        "length" => IntValue.Of(elements.Count),
        "depth" => IntValue.Of(depth + 1),
        "depth0" => IntValue.Of(depth),
        "previtem" => _at > 0 ? elements[_at - 1] : new UndefinedValue("there is no previous item"),
        "nextitem" => _at + 1 < elements.Count ? elements[_at + 1] : new UndefinedValue("there is no next item"),
        "cycle" => new FunctionValue("cycle", Cycle),
        "changed" => new FunctionValue("changed", Changed),
        _ => null,
    };

    public override Value Call(Arguments arguments, RenderContext context)
    {
        Value iterable = arguments.BindRequired("loop", 1, "iterable")[0]!;
        return recurse is null
            ? throw Fault.Value("The loop must have the 'recursive' marker to be called recursively.")
            : recurse(iterable);
    }

    public override void WriteRepr(TextBuilder output) => output.AppendData($"<LoopContext {_at + 1}/{elements.Count}>");

    private Value Cycle(Arguments arguments, RenderContext context) => arguments.Positional.Count == 0
        ? throw Fault.Value("no items for cycling given")
        : arguments.Positional[_at % arguments.Positional.Count];

    private Value Changed(Arguments arguments, RenderContext context)
    {
        bool isSame = _lastChanged is not null && Comparison.AreEqual(new TupleValue(_lastChanged), new TupleValue(arguments.Positional), context);
        _lastChanged = [.. arguments.Positional];
        return BoolValue.Of(!isSame);
    }
}
