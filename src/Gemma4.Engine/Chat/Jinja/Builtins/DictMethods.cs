using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What <c>dict</c> has.</summary>
internal static class DictMethods
{
    private static readonly MethodTable<DictValue> Methods = new(
        new()
        {
            ["get"] = Get,
            ["keys"] = (dict, arguments, _) => View(arguments, "keys", [.. dict.Entries.Select(entry => entry.Key)]),
            ["values"] = (dict, arguments, _) => View(arguments, "values", [.. dict.Entries.Select(entry => entry.Value)]),
            ["items"] = (dict, arguments, _) => View(arguments, "items", [.. Pairs(dict)]),
            ["copy"] = (dict, _, _) => dict,
        },
        "clear", "pop", "popitem", "setdefault", "update");

    public static Value? TryBind(DictValue dict, string name) => Methods.TryBind(dict, name);

    public static IEnumerable<Value> Pairs(DictValue dict) => dict.Entries.Select(entry => new TupleValue([entry.Key, entry.Value]));

    private static DictView View(Arguments arguments, string name, IReadOnlyList<Value> items)
    {
        arguments.Bind(name);
        return new DictView("dict_" + name, items);
    }

    private static Value Get(DictValue dict, Arguments arguments, RenderContext context)
    {
        Value?[] given = arguments.BindRequired("get", 1, "key", "default");
        if (!given[0]!.IsHashable)
            throw Fault.Value($"unhashable type: '{given[0]!.TypeName}'");
        return dict.Find(given[0]!, context) ?? given[1] ?? NoneValue.Instance;
    }
}
