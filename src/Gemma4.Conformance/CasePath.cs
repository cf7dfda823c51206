using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary>What a path such as <c>$.choices[0].message</c> or <c>$[*].id</c> finds in an answer.</summary>
/// <param name="IsMany">Whether the path has <c>[*]</c>.</param>
/// <param name="Values">What was found; null stands for a place that is not there.</param>
internal readonly partial record struct CasePath(bool IsMany, IReadOnlyList<JsonElement?> Values)
{
    /// <summary>The value of a path without <c>[*]</c>; null when it is not there.</summary>
    public JsonElement? Single => Values[0];

    /// <summary>The values that are there and not null.</summary>
    public IEnumerable<JsonElement> Present => Values.OfType<JsonElement>().Where(v => v.ValueKind != JsonValueKind.Null);

    public static CasePath Find(JsonElement root, string path)
    {
        bool isMany = false;
        List<JsonElement?> values = [root];
        foreach (Match step in Step().Matches(path))
        {
            if (step.Groups[2].Value == "*")
            {
                isMany = true;
                values = [.. values.SelectMany(All)];
            }
            else
            {
                values = [.. values.Select(v => step.Groups[1].Success ? Property(v, step.Groups[1].Value) : Item(v, step.Groups[2].Value))];
            }
        }
        return new CasePath(isMany, values);
    }

    private static IEnumerable<JsonElement?> All(JsonElement? value) => value is { ValueKind: JsonValueKind.Array } array
        ? array.EnumerateArray().Select(v => (JsonElement?)v)
        : [null];

    private static JsonElement? Property(JsonElement? value, string name) =>
        value is { ValueKind: JsonValueKind.Object } found && found.TryGetProperty(name, out JsonElement property) ? property : null;

    /// <summary>Negative numbers count from the end.</summary>
    private static JsonElement? Item(JsonElement? value, string number)
    {
        if (value is not { ValueKind: JsonValueKind.Array } array)
            return null;
        int index = int.Parse(number, CultureInfo.InvariantCulture);
        index = index < 0 ? index + array.GetArrayLength() : index;
        return index >= 0 && index < array.GetArrayLength() ? array[index] : null;
    }

    [GeneratedRegex(@"\.([A-Za-z0-9_\-]+)|\[(\*|-?\d+)\]")]
    private static partial Regex Step();
}
