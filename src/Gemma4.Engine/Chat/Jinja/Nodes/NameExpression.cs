using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Nodes;

/// <summary>A variable.</summary>
internal sealed class NameExpression(int line, string name) : Expression(line)
{
    public string Name => name;

    protected override Value Compute(Frame frame) => frame.Find(name) ?? UndefinedValue.Name(name);
}
