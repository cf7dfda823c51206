using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>Text outside of tags.</summary>
internal sealed class TextStatement(int line, string text) : Statement(line)
{
    private readonly Text _text = Text.Template(text);

    public override Flow Execute(Frame frame, TextBuilder output)
    {
        output.Append(_text);
        return Flow.Next;
    }
}

/// <summary><c>{{ expression }}</c>.</summary>
internal sealed class PrintStatement(int line, Expression expression) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        expression.Evaluate(frame).WriteStr(output);
        return Flow.Next;
    }
}

/// <summary><c>{% filter name %}…{% endfilter %}</c>.</summary>
internal sealed class FilterStatement(int line, IReadOnlyList<FilterExpression> filters, Block body) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        Frame inner = frame.Nested();
        Value value = body.Capture(inner);
        foreach (FilterExpression filter in filters)
            value = filter.Apply(value, inner);
        value.WriteStr(output);
        return Flow.Next;
    }
}

/// <summary>A body in a frame of its own: <c>{% with %}</c>, <c>{% block %}</c>, <c>{% generation %}</c>.</summary>
internal sealed class ScopeStatement(int line, IReadOnlyList<(Target Target, Expression Value)> variables, Block body) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        Frame inner = frame.Nested();
        foreach ((Target target, Expression value) in variables)
            target.Assign(inner, value.Evaluate(frame));
        return body.Execute(inner, output);
    }
}
