using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary><c>-x</c> and <c>+x</c>.</summary>
internal sealed class SignExpression(int line, Expression operand, bool isNegative) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value value = operand.Evaluate(frame);
        frame.Context.Line = Line;
        return Arithmetic.Sign(value, isNegative);
    }
}

/// <summary><c>a + b</c> and the other operators of arithmetic.</summary>
internal sealed class ArithmeticExpression(int line, string symbol, Expression left, Expression right) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value a = left.Evaluate(frame);
        Value b = right.Evaluate(frame);
        frame.Context.Line = Line;
        return Arithmetic.Apply(symbol, a, b, frame.Context);
    }
}

/// <summary><c>a and b</c>, <c>a or b</c>: the operand that decides, not a bool.</summary>
internal sealed class LogicExpression(int line, Expression left, Expression right, bool isAnd) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value a = left.Evaluate(frame);
        return a.IsTrue == isAnd ? right.Evaluate(frame) : a;
    }
}

/// <summary><c>not x</c>.</summary>
internal sealed class NotExpression(int line, Expression operand) : Expression(line)
{
    protected override Value Compute(Frame frame) => BoolValue.Of(!operand.Evaluate(frame).IsTrue);
}

/// <summary><c>a &lt; b &lt;= c</c>: each pair in turn, until one does not hold.</summary>
internal sealed class ComparisonExpression(int line, Expression first, IReadOnlyList<(string Symbol, Expression Operand)> rest) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Value left = first.Evaluate(frame);
        foreach ((string symbol, Expression operand) in rest)
        {
            Value right = operand.Evaluate(frame);
            frame.Context.Line = Line;
            if (!Comparison.Holds(symbol, left, right, frame.Context))
                return BoolValue.False;
            left = right;
        }
        return BoolValue.True;
    }
}

/// <summary><c>a ~ b ~ c</c>: the texts of all, joined.</summary>
internal sealed class ConcatExpression(int line, IReadOnlyList<Expression> parts) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        Text joined = Text.Empty;
        foreach (Expression part in parts)
            joined = Text.Concat(joined, part.Evaluate(frame).ToText(frame.Context.Budget), frame.Context.Budget);
        return joined;
    }
}

/// <summary><c>a if condition else b</c>.</summary>
internal sealed class ConditionalExpression(int line, Expression condition, Expression then, Expression? otherwise) : Expression(line)
{
    protected override Value Compute(Frame frame)
    {
        if (condition.Evaluate(frame).IsTrue)
            return then.Evaluate(frame);
        return otherwise?.Evaluate(frame)
            ?? new UndefinedValue($"the inline if-expression on line {Line} evaluated to false and no else section was defined.");
    }
}
