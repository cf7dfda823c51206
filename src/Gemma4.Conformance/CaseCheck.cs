using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Gemma4.Conformance;

/// <summary>One check of an answer: a path, an operator and a value.</summary>
internal static partial class CaseCheck
{
    /// <param name="root">The answer, or the array of its frames.</param>
    /// <param name="check">Path, op and value.</param>
    /// <param name="schemas">Validates against a schema of the check itself.</param>
    /// <returns>Whether it holds.</returns>
    /// <exception cref="InvalidDataException">The case asks for an operator nobody knows.</exception>
    public static bool Holds(JsonElement root, JsonElement check, AnswerSchemas schemas)
    {
        string path = check.GetProperty("path").GetString()!;
        string op = check.GetProperty("op").GetString()!;
        JsonElement? want = check.TryGetProperty("value", out JsonElement value) ? value : null;
        if (Concat().Match(path) is { Success: true } concat)
        {
            string text = string.Concat(CasePath.Find(root, concat.Groups[1].Value).Present.Where(IsString).Select(v => v.GetString()));
            return HoldsSingle(root, JsonSerializer.SerializeToElement(JsonValue.Create(text)), op, want, schemas);
        }
        CasePath found = CasePath.Find(root, path);
        return found.IsMany ? HoldsMany(found, op, want ?? default) : HoldsSingle(root, found.Single, op, want, schemas);
    }

    private static bool HoldsSingle(JsonElement root, JsonElement? found, string op, JsonElement? want, AnswerSchemas schemas)
    {
        bool isNull = found is null or { ValueKind: JsonValueKind.Null };
        if (op == "absent_or_null")
            return isNull;
        if (op == "eq")
            return want is null or { ValueKind: JsonValueKind.Null } ? isNull : !isNull && Same(found!.Value, want.Value);
        if (isNull)
            return false;
        JsonElement value = found!.Value;
        return op switch
        {
            "regex" => IsString(value) && Regex.IsMatch(value.GetString()!, want!.Value.GetString()!, RegexOptions.None, TimeSpan.FromSeconds(1)),
            "type" => IsType(value, want!.Value.GetString()!),
            "in" => want!.Value.EnumerateArray().Any(w => Same(value, w)),
            "gte" => value.ValueKind == JsonValueKind.Number && value.GetDouble() >= want!.Value.GetDouble(),
            "lte" => value.ValueKind == JsonValueKind.Number && value.GetDouble() <= want!.Value.GetDouble(),
            "len_eq" => IsArray(value) && value.GetArrayLength() == want!.Value.GetInt32(),
            "len_gte" => IsArray(value) && value.GetArrayLength() >= want!.Value.GetInt32(),
            "len_lte" => IsArray(value) && value.GetArrayLength() <= want!.Value.GetInt32(),
            "not_contains" => IsString(value) && !value.GetString()!.Contains(want!.Value.GetString()!, StringComparison.Ordinal),
            "json_if_complete" => IsCut(root) || Parsed(value) is not null,
            "json_schema_if_complete" => IsCut(root) || (Parsed(value) is { } json && schemas.Accepts(want!.Value, json)),
            _ => throw new InvalidDataException($"unknown operator '{op}'"),
        };
    }

    private static bool HoldsMany(CasePath found, string op, JsonElement want) => op switch
    {
        "all_equal" => found.Values.Count > 0 && found.Values.All(v => v is not null && Same(v.Value, found.Values[0]!.Value)),
        "all_absent_or_null" => !found.Present.Any(),
        "set_eq" => found.Present.Select(v => v.GetRawText()).ToHashSet().SetEquals(want.EnumerateArray().Select(w => w.GetRawText())),
        "any_type" => found.Present.Any(v => IsType(v, want.GetString()!)),
        "any_eq" => found.Present.Any(v => Same(v, want)),
        "all_in" => found.Present.Any() && found.Present.All(v => want.EnumerateArray().Any(w => Same(v, w))),
        "count_eq" => found.Present.Count() == want.GetInt32(),
        _ => throw new InvalidDataException($"unknown operator '{op}' over [*]"),
    };

    private static bool Same(JsonElement a, JsonElement b) => JsonElement.DeepEquals(a, b);

    private static bool IsString(JsonElement value) => value.ValueKind == JsonValueKind.String;

    private static bool IsArray(JsonElement value) => value.ValueKind == JsonValueKind.Array;

    private static bool IsType(JsonElement value, string type) => type switch
    {
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0,
        "number" => value.ValueKind == JsonValueKind.Number,
        "string" => IsString(value),
        "array" => IsArray(value),
        "object" => value.ValueKind == JsonValueKind.Object,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => throw new InvalidDataException($"unknown type '{type}'"),
    };

    /// <summary>An answer cut by its token limit need not be whole JSON.</summary>
    private static bool IsCut(JsonElement root) => new[] { "$.choices[0].finish_reason", "$[-1].choices[0].finish_reason", "$[-2].choices[0].finish_reason" }
        .Any(path => CasePath.Find(root, path).Single is { ValueKind: JsonValueKind.String } reason && reason.GetString() == "length");

    private static JsonElement? Parsed(JsonElement text)
    {
        try
        {
            return JsonElement.Parse(text.GetString()!);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    [GeneratedRegex(@"^concat\((.*)\)$")]
    private static partial Regex Concat();
}
