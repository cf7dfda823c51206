using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>A number, a string, true, false or none, written in the template.</summary>
internal sealed class LiteralExpression(int line, Value value) : Expression(line)
{
    protected override Value Compute(Frame frame) => value;
}

/// <summary><c>[a, b]</c> or <c>(a, b)</c>.</summary>
internal sealed class SequenceExpression(int line, IReadOnlyList<Expression> items, bool isTuple) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        frame.Context.Budget.Make();
        frame.Context.Budget.Elements(items.Count);
        var values = new Value[items.Count];
        for (int i = 0; i < values.Length; i++)
            values[i] = items[i].Evaluate(frame);
        return isTuple ? new TupleValue(values) : new ListValue(values);
    }
}

/// <summary><c>{key: value}</c>.</summary>
internal sealed class DictExpression(int line, IReadOnlyList<(Expression Key, Expression Value)> entries) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        frame.Context.Budget.Make();
        frame.Context.Budget.Elements(entries.Count * 8L); // a key, a value, and what finds the key
        return new DictValue([.. entries.Select(e => new KeyValuePair<Value, Value>(e.Key.Evaluate(frame), e.Value.Evaluate(frame)))]);
    }
}
