using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>The variables of a piece of template, above those of the piece around it.</summary>
/// <remarks>A loop makes one for every element and puts a name or two into it, so few names are kept in an array and searched
/// through; a dictionary takes over where they are many.</remarks>
internal sealed class Frame(RenderContext context, Frame? parent)
{
    private const int MaxSearched = 8;

    private (string Name, Value Value)[] _few = [];
    private int _count;
    private Dictionary<string, Value>? _many;

    public RenderContext Context => context;

    private Frame? Parent => parent;

    /// <summary>A frame whose assignments do not reach this one.</summary>
    public Frame Nested() => new(context, this);

    public void Assign(string name, Value value)
    {
        if (_many is not null)
        {
            _many[name] = value;
            return;
        }
        for (int i = 0; i < _count; i++)
        {
            if (_few[i].Name == name)
            {
                _few[i].Value = value;
                return;
            }
        }
        if (_count == MaxSearched)
        {
            _many = _few.ToDictionary(pair => pair.Name, pair => pair.Value);
            _many[name] = value;
            return;
        }
        if (_count == _few.Length)
            Array.Resize(ref _few, _count == 0 ? 2 : MaxSearched);
        _few[_count++] = (name, value);
    }

    public Value? Find(string name)
    {
        for (Frame? frame = this; frame is not null; frame = frame.Parent)
        {
            if (frame.FindHere(name) is { } value)
                return value;
        }
        return null;
    }

    private Value? FindHere(string name)
    {
        if (_many is not null)
            return _many.GetValueOrDefault(name);
        foreach ((string known, Value value) in _few.AsSpan(0, _count))
        {
            if (known == name)
                return value;
        }
        return null;
    }
}
