namespace Gemma4.Engine.Chat.Jinja.Values;

/// <summary>What a call passes: values by position, then values by name.</summary>
internal sealed class Arguments(IReadOnlyList<Value> positional, IReadOnlyList<KeyValuePair<string, Value>> named)
{
    public static readonly Arguments None = new([], []);

    public IReadOnlyList<Value> Positional => positional;

    public IReadOnlyList<KeyValuePair<string, Value>> Named => named;

    /// <summary>Puts the values at the places of <paramref name="parameters"/>; null where none was given.</summary>
    public Value?[] Bind(string function, params ReadOnlySpan<string> parameters)
    {
        if (positional.Count > parameters.Length)
            throw Fault.Value($"{function}() takes at most {parameters.Length} arguments, {positional.Count} were given");
        var bound = new Value?[parameters.Length];
        for (int i = 0; i < positional.Count; i++)
            bound[i] = positional[i];
        foreach ((string name, Value value) in named)
        {
            int at = parameters.IndexOf(name);
            if (at < 0)
                throw Fault.Value($"{function}() got an unexpected keyword argument '{name}'");
            if (bound[at] is not null)
                throw Fault.Value($"{function}() got multiple values for argument '{name}'");
            bound[at] = value;
        }
        return bound;
    }

    /// <summary>As <see cref="Bind"/>, where the first <paramref name="required"/> must be given.</summary>
    public Value?[] BindRequired(string function, int required, params ReadOnlySpan<string> parameters)
    {
        Value?[] bound = Bind(function, parameters);
        for (int i = 0; i < required; i++)
        {
            if (bound[i] is null)
                throw Fault.Value($"{function}() is missing its argument '{parameters[i]}'");
        }
        return bound;
    }

    /// <summary>The arguments without the first <paramref name="count"/> positional ones.</summary>
    public Arguments Skip(int count) => new([.. positional.Skip(count)], named);

    /// <summary>The value called <paramref name="name"/>, if one was given.</summary>
    public Value? Find(string name) => named.FirstOrDefault(pair => pair.Key == name).Value;
}
