using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary><c>{% if %}</c> with its <c>elif</c>s; the bodies share the frame around them.</summary>
internal sealed class IfStatement(int line, IReadOnlyList<(Expression Condition, Block Body)> branches, Block? otherwise) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output)
    {
        foreach ((Expression condition, Block body) in branches)
        {
            frame.Context.Line = condition.Line;
            if (condition.Evaluate(frame).IsTrue)
                return body.Execute(frame, output);
        }
        return otherwise?.Execute(frame, output) ?? Flow.Next;
    }
}

/// <summary><c>{% break %}</c> and <c>{% continue %}</c>.</summary>
internal sealed class JumpStatement(int line, Flow flow) : Statement(line)
{
    public override Flow Execute(Frame frame, TextBuilder output) => flow;
}
