using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat.Jinja.Builtins;

/// <summary>How <c>tojson</c> writes: the arguments of Python's <c>json.dumps</c>.</summary>
/// <param name="EnsureAscii">Escape everything beyond ASCII.</param>
/// <param name="Indent">What a level is indented by; null writes one line.</param>
/// <param name="ItemSeparator">Between items.</param>
/// <param name="KeySeparator">Between a key and its value.</param>
/// <param name="SortKeys">Order keys.</param>
internal sealed record JsonStyle(bool EnsureAscii, Text? Indent, Text ItemSeparator, Text KeySeparator, bool SortKeys)
{
    public static JsonStyle Of(bool ensureAscii, Value? indent, Value? separators, bool sortKeys, RenderContext context)
    {
        Text? margin = indent switch
        {
            null or NoneValue => null,
            Text text => text,
            _ when Numbers.TryIndex(indent, out long width) => (Text)Arithmetic.Apply("*", Text.Data(" "), IntValue.Of(width), context),
            _ => throw Fault.Value($"indent must be a number or a text, not {indent.TypeName}"),
        };
        if (separators is null or NoneValue)
            return new(ensureAscii, margin, Text.Data(margin is null ? ", " : ","), Text.Data(": "), sortKeys);
        return separators is SequenceValue { Items: [Text items, Text keys] }
            ? new(ensureAscii, margin, items, keys, sortKeys)
            : throw Fault.Value("separators must be a pair of texts");
    }
}
