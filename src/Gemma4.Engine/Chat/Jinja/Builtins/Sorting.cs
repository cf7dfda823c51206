using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>What the filters that sort, group and compare share.</summary>
internal static class Sorting
{
    /// <summary>Texts in lower case, so that they compare without regard to case; anything else as it is.</summary>
    public static Value Fold(Value value, bool isCaseSensitive, RenderContext context) =>
        value is Text text && !isCaseSensitive ? TextCase.Lower(text, context.Budget) : value;

    /// <summary>A stable sort; reversed, equal elements still keep their order.</summary>
    public static List<Value> Sort(IEnumerable<Value> values, Func<Value, Value> key, bool isReversed, RenderContext context)
    {
        Comparer<Value> order = Comparer<Value>.Create((a, b) => Comparison.Order(a, b, context));
        try
        {
            return [.. isReversed ? values.OrderByDescending(key, order) : values.OrderBy(key, order)];
        }
        catch (InvalidOperationException error) when (error.InnerException is Fault fault)
        {
            throw fault;
        }
    }

    /// <summary>Reads <c>a.b.0</c> off a value, as the argument <c>attribute</c> of many filters has it.</summary>
    public static Func<Value, Value> Getter(Value? attribute, Value? otherwise, RenderContext context)
    {
        if (attribute is null or NoneValue)
            return value => value;
        Value[] path = attribute is Text text
            ? [.. text.Chars.Split('.').Select(part => long.TryParse(part, out long at) && at >= 0 ? IntValue.Of(at) : (Value)Text.Template(part))]
            : [attribute];
        return value =>
        {
            foreach (Value part in path)
            {
                value = Lookup.Item(value, part, context);
                if (value is UndefinedValue && otherwise is not null)
                    value = otherwise;
            }
            return value;
        };
    }
}
