using Gemma4.Engine.Chat.Jinja.Builtins;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>The arguments of a call as written: <c>a, name=b, *c, **d</c>.</summary>
internal sealed class ArgumentList(
    IReadOnlyList<Expression> positional,
    IReadOnlyList<(string Name, Expression Value)> named,
    Expression? more,
    Expression? moreNamed)
{
    public static readonly ArgumentList Empty = new([], [], null, null);

    public Arguments Evaluate(Frame frame)
    {
        if (positional.Count == 0 && named.Count == 0 && more is null && moreNamed is null)
            return Arguments.None;
        var values = new List<Value>(positional.Count);
        foreach (Expression expression in positional)
            values.Add(expression.Evaluate(frame));
        if (more is not null)
            values.AddRange(more.Evaluate(frame).ToList(frame.Context));
        var names = new List<KeyValuePair<string, Value>>(named.Count);
        foreach ((string name, Expression value) in named)
            names.Add(new(name, value.Evaluate(frame)));
        if (moreNamed is not null)
            AddAll(moreNamed.Evaluate(frame), names);
        return new Arguments(values, names);
    }

    private static void AddAll(Value value, List<KeyValuePair<string, Value>> names)
    {
        if (value is not DictValue dict)
            throw Fault.Value($"argument after ** must be a mapping, not {value.TypeName}");
        foreach ((Value key, Value item) in dict.Entries)
            names.Add(new(key is Text name ? name.Chars : throw Fault.Value("keywords must be strings"), item));
    }
}

/// <summary><c>function(...)</c>.</summary>
internal sealed class CallExpression(int line, Expression function, ArgumentList arguments) : Expression(line)
{
    protected override Value Compute(Frame frame) => Call(frame, null);

    /// <summary>Calls, handing over the body of a <c>{% call %}</c> block as <c>caller</c>.</summary>
    public Value Call(Frame frame, Value? caller)
    {
        Value callee = function.Evaluate(frame);
        Arguments values = arguments.Evaluate(frame);
        if (caller is not null)
            values = new Arguments(values.Positional, [.. values.Named, new("caller", caller)]);
        RenderContext context = frame.Context;
        context.Line = Line;
        context.Budget.Enter();
        Value result = callee.Call(values, context);
        context.Budget.Leave();
        context.Line = Line; // what was called may have been on other lines
        return result;
    }
}

/// <summary><c>value | filter(...)</c>.</summary>
internal sealed class FilterExpression(int line, Expression input, string name, ArgumentList arguments) : Expression(line)
{
    protected override Value Compute(Frame frame) => Apply(input.Evaluate(frame), frame);

    public Value Apply(Value value, Frame frame)
    {
        Arguments values = arguments.Evaluate(frame);
        frame.Context.Line = Line;
        return Filters.Apply(name, value, values, frame.Context);
    }
}

/// <summary><c>value is test(...)</c>.</summary>
internal sealed class TestExpression(int line, Expression input, string name, ArgumentList arguments) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value value = input.Evaluate(frame);
        Arguments values = arguments.Evaluate(frame);
        frame.Context.Line = Line;
        return BoolValue.Of(Tests.Holds(name, value, values, frame.Context));
    }
}
