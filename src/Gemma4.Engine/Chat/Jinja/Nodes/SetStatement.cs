using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary><c>{% set target = value %}</c>.</summary>
internal sealed class SetStatement(int line, Target target, Expression value) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        target.Assign(frame, value.Evaluate(frame));
        return Flow.Next;
    }
}

/// <summary><c>{% set target %}…{% endset %}</c>.</summary>
internal sealed class SetBlockStatement(int line, Target target, IReadOnlyList<FilterExpression> filters, Block body) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        Frame inner = frame.Nested();
        Value value = body.Capture(inner);
        foreach (FilterExpression filter in filters)
            value = filter.Apply(value, inner);
        target.Assign(frame, value);
        return Flow.Next;
    }
}
