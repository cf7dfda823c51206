using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary>Replaces <c>{{MODEL}}</c>, <c>{{PNG_RED}}</c>, <c>{{REPEAT:text:n}}</c> and the like in the strings of a case.</summary>
internal sealed partial class CasePlaceholders
{
    private readonly Dictionary<string, string> _values;

    /// <param name="fixtures">Names and values; names that begin with an underscore are comments.</param>
    /// <param name="model">The served model's id.</param>
    public CasePlaceholders(JsonElement fixtures, string model)
    {
        _values = fixtures.EnumerateObject()
            .Where(p => !p.Name.StartsWith('_'))
            .ToDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal);
        _values["MODEL"] = model;
        _values["MODEL_URLENCODED"] = Uri.EscapeDataString(model);
    }

    public string Expand(string text)
    {
        text = Repeat().Replace(text, m => string.Concat(Enumerable.Repeat(m.Groups[1].Value, int.Parse(m.Groups[2].Value, System.Globalization.CultureInfo.InvariantCulture))));
        foreach ((string name, string value) in _values)
            text = text.Replace("{{" + name + "}}", value, StringComparison.Ordinal);
        return text;
    }

    /// <summary>The value with all its strings expanded, names of properties too.</summary>
    public JsonNode? Expand(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => null,
        JsonValueKind.String => JsonValue.Create(Expand(value.GetString()!)),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Expand)]),
        JsonValueKind.Object => new JsonObject(value.EnumerateObject().Select(p => KeyValuePair.Create(Expand(p.Name), Expand(p.Value)))),
        _ => JsonNode.Parse(value.GetRawText()),
    };

    [GeneratedRegex(@"\{\{REPEAT:(.*?):(\d+)\}\}", RegexOptions.Singleline)]
    private static partial Regex Repeat();
}
