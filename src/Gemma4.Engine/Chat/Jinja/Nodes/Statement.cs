using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>How a statement ended.</summary>
internal enum Flow
{
    Next,
    Break,
    Continue,
}

/// <summary>A piece of template that writes or does something.</summary>
internal abstract class Statement(int line)
{
    /// <summary>The line it starts at, from 1.</summary>
    public int Line => line;

    public abstract Flow Execute(Frame frame, TextBuilder output);
}

/// <summary>Statements one after another.</summary>
internal sealed class Block(IReadOnlyList<Statement> statements)
{
    public Flow Execute(Frame frame, TextBuilder output)
    {
        RenderBudget.EnsureStack();
        foreach (Statement statement in statements)
        {
            frame.Context.Budget.Step();
            frame.Context.Line = statement.Line;
            Flow flow = statement.Execute(frame, output);
            if (flow != Flow.Next)
                return flow;
        }
        return Flow.Next;
    }

    /// <summary>What the statements write, instead of writing it.</summary>
    public Text Capture(Frame frame)
    {
        var output = new TextBuilder(frame.Context.Budget);
        Execute(frame, output);
        return output.ToText();
    }
}
