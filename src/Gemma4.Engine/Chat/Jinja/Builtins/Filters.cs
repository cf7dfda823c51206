using System.Collections.Frozen;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>A filter: a value, and what is given in parentheses.</summary>
internal delegate Value Filter(Value value, Arguments arguments, RenderContext context);

/// <summary>The filters by name.</summary>
internal static class Filters
{
    private static readonly FrozenDictionary<string, Filter> ByName =
        TextFilters.All.Concat(SequenceFilters.All).Concat(SelectionFilters.All).Concat(ValueFilters.All).ToFrozenDictionary();

    public static bool Exists(string name) => ByName.ContainsKey(name);

    public static Value Apply(string name, Value value, Arguments arguments, RenderContext context)
    {
        if (!ByName.TryGetValue(name, out Filter? filter))
            throw Fault.Value($"No filter named '{name}' found.");
        RenderBudget.EnsureStack();
        context.Budget.Make();
        if (value is Text text)
            context.Budget.Read(text.Length);
        return filter(value, arguments, context);
    }
}
