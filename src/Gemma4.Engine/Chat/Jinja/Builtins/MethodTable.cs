using System.Collections.Frozen;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>The methods of one type of value, and those the sandbox keeps from templates because they change the value.</summary>
internal sealed class MethodTable<T>(Dictionary<string, Func<T, Arguments, RenderContext, Value>> methods, params string[] forbidden)
    where T : Value
{
    private readonly FrozenDictionary<string, Func<T, Arguments, RenderContext, Value>> _methods = methods.ToFrozenDictionary();

    /// <summary>The method bound to its value; null where the type has none of that name.</summary>
    public Value? TryBind(T owner, string name)
    {
        if (_methods.TryGetValue(name, out Func<T, Arguments, RenderContext, Value>? method))
            return new FunctionValue(name, (arguments, context) => method(owner, arguments, context));
        return forbidden.Contains(name) ? UndefinedValue.Unsafe(owner, name) : null;
    }
}
