using System.Globalization;
using System.Numerics;
using System.Text.Json;
using Gemma4.Engine.Chat.Jinja;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>JSON of a request as a template sees it: what Python's <c>json.loads</c> would give, all of its text being data.</summary>
internal static class JsonValues
{
    private const int MaxDigits = 4300; // as Python's

    public static Value Convert(JsonElement element)
    {
        RenderBudget.EnsureStack();
        return element.ValueKind switch
        {
            JsonValueKind.Object => new DictValue([.. element.EnumerateObject().Select(
                property => new KeyValuePair<Value, Value>(Text.Data(property.Name), Convert(property.Value)))]),
            JsonValueKind.Array => new ListValue([.. element.EnumerateArray().Select(Convert)]),
            JsonValueKind.String => Text.Data(element.GetString()!),
            JsonValueKind.Number => Number(element.GetRawText()),
            JsonValueKind.True => BoolValue.True,
            JsonValueKind.False => BoolValue.False,
            _ => NoneValue.Instance,
        };
    }

    /// <summary>Whole numbers exactly, others as doubles: 1 and 1.0 stay apart.</summary>
    private static Value Number(string text)
    {
        bool isWhole = text.AsSpan().IndexOfAny('.', 'e', 'E') < 0 && text.Length <= MaxDigits;
        return isWhole
            ? new IntValue(BigInteger.Parse(text, CultureInfo.InvariantCulture))
            : new FloatValue(double.Parse(text, CultureInfo.InvariantCulture));
    }
}
