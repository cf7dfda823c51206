using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>A piece of template that has a value.</summary>
internal abstract class Expression(int line)
{
    /// <summary>The line it starts at, from 1.</summary>
    public int Line => line;

    public Value Evaluate(Frame frame)
    {
        frame.Context.Budget.Step();
        RenderBudget.EnsureStack();
        return Compute(frame);
    }

    protected abstract Value Compute(Frame frame);
}
