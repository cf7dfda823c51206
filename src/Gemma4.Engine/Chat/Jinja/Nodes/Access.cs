using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary><c>owner.name</c>: the attribute, or else the item of that name.</summary>
internal sealed class AttributeExpression(int line, Expression owner, string name) : Expression(line)
{
    private readonly Text _key = Text.Template(name);

    protected override Value Compute(Frame frame)
    {
        Value value = owner.Evaluate(frame);
        frame.Context.Line = Line;
        return Lookup.Attribute(value, _key, frame.Context);
    }
}

/// <summary><c>owner[key]</c>: the item, or else the attribute of that name.</summary>
internal sealed class ItemExpression(int line, Expression owner, Expression key) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value value = owner.Evaluate(frame);
        Value at = key.Evaluate(frame);
        frame.Context.Line = Line;
        return Lookup.Item(value, at, frame.Context);
    }
}

/// <summary><c>owner[start:stop:step]</c>.</summary>
internal sealed class SliceExpression(int line, Expression owner, Expression? start, Expression? stop, Expression? step) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value value = owner.Evaluate(frame);
        Value? from = start?.Evaluate(frame);
        Value? to = stop?.Evaluate(frame);
        Value? by = step?.Evaluate(frame);
        frame.Context.Line = Line;
        return Slicing.Slice(value, from, to, by, frame.Context);
    }
}
