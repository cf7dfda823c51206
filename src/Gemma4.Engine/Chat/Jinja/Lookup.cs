using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja;

/// <summary>How <c>a.b</c> and <c>a['b']</c> find things: each tries the other way second.</summary>
internal static class Lookup
{
    public static Value Attribute(Value owner, Text name, RenderContext context)
    {
        if (owner is UndefinedValue undefined)
            throw undefined.Fail();
        if (IsInternal(name.Chars))
            return UndefinedValue.Unsafe(owner, name.Chars);
        return owner.TryGetAttribute(name.Chars, context)
            ?? owner.TryGetItem(name, context)
            ?? UndefinedValue.Attribute(owner, name.Chars);
    }

    public static Value Item(Value owner, Value key, RenderContext context)
    {
        if (owner is UndefinedValue undefined)
            throw undefined.Fail();
        if (owner.TryGetItem(key, context) is { } item)
            return item;
        if (key is Text name)
        {
            if (IsInternal(name.Chars))
                return UndefinedValue.Unsafe(owner, name.Chars);
            if (owner.TryGetAttribute(name.Chars, context) is { } attribute)
                return attribute;
        }
        return UndefinedValue.Item(owner, key, context);
    }

    /// <summary>Python's own attributes, which lead out of the sandbox.</summary>
    private static bool IsInternal(string name) =>
        name.Length > 4 && name.StartsWith("__", StringComparison.Ordinal) && name.EndsWith("__", StringComparison.Ordinal);
}
