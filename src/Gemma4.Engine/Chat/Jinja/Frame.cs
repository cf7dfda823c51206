using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>The variables of a piece of template, above those of the piece around it.</summary>
internal sealed class Frame(RenderContext context, Frame? parent)
{
    private Dictionary<string, Value>? _variables;

    public RenderContext Context => context;

    /// <summary>A frame whose assignments do not reach this one.</summary>
    public Frame Nested() => new(context, this);

    public void Assign(string name, Value value) => (_variables ??= [])[name] = value;

    public Value? Find(string name)
    {
        for (Frame? frame = this; frame is not null; frame = frame.Parent)
        {
            if (frame._variables is { } variables && variables.TryGetValue(name, out Value? value))
                return value;
        }
        return null;
    }

    private Frame? Parent => parent;
}
