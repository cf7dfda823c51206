using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary><c>map</c>, and the filters that keep some items and drop others.</summary>
internal static class SelectionFilters
{
    public static readonly IReadOnlyDictionary<string, Filter> All = new Dictionary<string, Filter>
    {
        ["map"] = Map,
        ["select"] = (value, arguments, context) => Select(value, arguments, context, byAttribute: false, keeps: true),
        ["reject"] = (value, arguments, context) => Select(value, arguments, context, byAttribute: false, keeps: false),
        ["selectattr"] = (value, arguments, context) => Select(value, arguments, context, byAttribute: true, keeps: true),
        ["rejectattr"] = (value, arguments, context) => Select(value, arguments, context, byAttribute: true, keeps: false),
    };

    private static Value Map(Value value, Arguments arguments, RenderContext context)
    {
        Func<Value, Value> convert;
        if (arguments.Positional.Count == 0 && arguments.Find("attribute") is { } attribute)
        {
            if (arguments.Named.FirstOrDefault(pair => pair.Key is not ("attribute" or "default")).Key is { } unknown)
                throw Fault.Value($"Unexpected keyword argument '{unknown}'");
            convert = Sorting.Getter(attribute, arguments.Find("default"), context);
        }
        else
        {
            if (arguments.Positional.Count == 0)
                throw Fault.Value("map requires a filter argument");
            string name = arguments.Positional[0].ToText(context.Budget).Chars;
            context.Budget.Step(arguments.Positional.Count);
            Arguments rest = arguments.Skip(1);
            if (!Filters.Exists(name))
                throw Fault.Value($"No filter named '{name}'.");
            convert = item => Filters.Apply(name, item, rest, context);
        }
        return new GeneratorValue(Walk(value, context).Select(convert));
    }

    private static Value Select(Value value, Arguments arguments, RenderContext context, bool byAttribute, bool keeps)
    {
        Func<Value, Value> get = item => item;
        if (byAttribute)
        {
            if (arguments.Positional.Count == 0)
                throw Fault.Value("Missing parameter for attribute name");
            get = Sorting.Getter(arguments.Positional[0], null, context);
            arguments = arguments.Skip(1);
        }
        Func<Value, bool> holds = item => item.IsTrue;
        if (arguments.Positional.Count > 0)
        {
            string name = arguments.Positional[0].ToText(context.Budget).Chars;
            Arguments rest = arguments.Skip(1);
            if (!Tests.Exists(name))
                throw Fault.Value($"No test named '{name}'.");
            holds = item => Tests.Holds(name, item, rest, context);
        }
        return new GeneratorValue(Walk(value, context).Where(item => holds(get(item)) == keeps));
    }

    // Nothing is walked, so nothing refused, where there is nothing: jinja2 asks for the truth of the value first.
    private static IEnumerable<Value> Walk(Value value, RenderContext context)
    {
        if (!value.IsTrue)
            yield break;
        foreach (Value item in value.Iterate(context))
        {
            context.Budget.Step();
            yield return item;
        }
    }
}
