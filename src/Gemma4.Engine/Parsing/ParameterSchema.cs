using System.Text.Json;

namespace Gemma4.Engine.Parsing;

/// <summary>What a tool's JSON schema says about one value: its types, its members, its items. Reads the schema, validates nothing.</summary>
/// <remarks>
/// A value's meaning follows its declaration: <c>00501</c> is a string where a string is declared, a string anyway where nothing is,
/// and <c>5</c> is a number unless a string is declared. <c>integer</c> counts as a number, because the digits are passed on as written.
/// </remarks>
internal readonly struct ParameterSchema
{
    /// <summary>Unions inside one another that are looked into. What stands deeper declares nothing.</summary>
    private const int MaxUnions = 64;

    private readonly JsonElement _schema;
    private readonly JsonElement _root;

    private ParameterSchema(JsonElement schema, JsonElement root)
    {
        _schema = Dereference(schema, root, []);
        _root = root;
        Types = TypesOf(_schema, root, [], MaxUnions);
    }

    /// <summary>Nothing is declared.</summary>
    public static ParameterSchema Undeclared { get; } = new(default, default);

    /// <summary>The types that are allowed; all of them when nothing is declared.</summary>
    public JsonTypes Types { get => field == JsonTypes.None ? JsonTypes.Any : field; }

    /// <summary>A string and nothing else (or null): every spelling is a string's.</summary>
    public bool IsString => (Types & ~JsonTypes.Null) == JsonTypes.String;

    public bool Allows(JsonTypes type) => (Types & type) != 0;

    /// <summary>The schema of a tool's <c>parameters</c>.</summary>
    public static ParameterSchema Of(JsonElement parameters) => new(parameters, parameters);

    /// <summary>True when the schema names this member.</summary>
    public bool Declares(string member) => TryMember(member, out _);

    /// <summary>The schema of an object's member.</summary>
    public ParameterSchema Member(string member)
    {
        if (TryMember(member, out JsonElement declared))
            return new(declared, _root);
        return TryObject(_schema, "additionalProperties", out JsonElement others) ? new(others, _root) : Undeclared;
    }

    /// <summary>The schema of an array's item.</summary>
    public ParameterSchema Item(int index)
    {
        foreach (JsonElement schema in WithBranches(_schema, _root, [], MaxUnions))
        {
            if (TryArray(schema, "prefixItems", out JsonElement prefix) && index < prefix.GetArrayLength())
                return new(prefix[index], _root);
            if (TryObject(schema, "items", out JsonElement items))
                return new(items, _root);
        }
        return Undeclared;
    }

    private bool TryMember(string member, out JsonElement declared)
    {
        foreach (JsonElement branch in WithBranches(_schema, _root, [], MaxUnions))
            if (TryObject(branch, "properties", out JsonElement members) && members.TryGetProperty(member, out declared))
                return true;
        declared = default;
        return false;
    }

    /// <summary>The schema itself, then the branches of its unions.</summary>
    /// <param name="schema">Where to begin.</param>
    /// <param name="root">The whole document.</param>
    /// <param name="followed">References followed so far. Each is followed once, so that recursive schemas end and cost no more than
    /// their length.</param>
    /// <param name="depth">Unions still looked into: references can put more inside one another than JSON has levels.</param>
    private static IEnumerable<JsonElement> WithBranches(JsonElement schema, JsonElement root, HashSet<string> followed, int depth)
    {
        schema = Dereference(schema, root, followed);
        if (schema.ValueKind != JsonValueKind.Object)
            yield break;
        yield return schema;
        if (depth == 0)
            yield break;
        foreach (string union in (string[])["allOf", "anyOf", "oneOf"])
        {
            if (!TryArray(schema, union, out JsonElement branches))
                continue;
            foreach (JsonElement branch in branches.EnumerateArray())
                foreach (JsonElement nested in WithBranches(branch, root, followed, depth - 1))
                    yield return nested;
        }
    }

    /// <returns><see cref="JsonTypes.None"/> when there is no schema, or one that was counted before.</returns>
    private static JsonTypes TypesOf(JsonElement schema, JsonElement root, HashSet<string> followed, int depth)
    {
        schema = Dereference(schema, root, followed);
        if (depth == 0)
            return JsonTypes.Any;
        if (schema.ValueKind != JsonValueKind.Object)
            return schema.ValueKind == JsonValueKind.Undefined ? JsonTypes.None : JsonTypes.Any;
        JsonTypes types = JsonTypes.Any;
        if (schema.TryGetProperty("type", out JsonElement type))
            types &= NamedTypes(type);
        else if (TryArray(schema, "enum", out JsonElement values))
            types &= values.EnumerateArray().Aggregate(JsonTypes.None, (all, value) => all | TypeOf(value));
        else if (schema.TryGetProperty("const", out JsonElement value))
            types &= TypeOf(value);
        if (TryArray(schema, "allOf", out JsonElement all))
            foreach (JsonTypes branch in all.EnumerateArray().Select(b => TypesOf(b, root, followed, depth - 1)))
                types &= branch == JsonTypes.None ? JsonTypes.Any : branch;
        foreach (string union in (string[])["anyOf", "oneOf"])
            if (TryArray(schema, union, out JsonElement branches))
                types &= branches.EnumerateArray().Aggregate(JsonTypes.None, (any, branch) => any | TypesOf(branch, root, followed, depth - 1));
        if (schema.TryGetProperty("nullable", out JsonElement nullable) && nullable.ValueKind == JsonValueKind.True)
            types |= JsonTypes.Null;
        return types;
    }

    private static JsonTypes NamedTypes(JsonElement type) => type.ValueKind switch
    {
        JsonValueKind.Array => type.EnumerateArray().Aggregate(JsonTypes.None, (all, one) => all | NamedTypes(one)),
        // Gemma's own declarations write type names in capitals.
        JsonValueKind.String => type.GetString()!.ToLowerInvariant() switch
        {
            "string" => JsonTypes.String,
            "number" or "integer" => JsonTypes.Number,
            "boolean" => JsonTypes.Boolean,
            "null" => JsonTypes.Null,
            "object" => JsonTypes.Object,
            "array" => JsonTypes.Array,
            _ => JsonTypes.Any,
        },
        _ => JsonTypes.Any,
    };

    private static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Number => JsonTypes.Number,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.Object => JsonTypes.Object,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Any,
    };

    /// <summary>Follows <c>$ref</c> inside the document; a reference that leads nowhere declares nothing.</summary>
    private static JsonElement Dereference(JsonElement schema, JsonElement root, HashSet<string> followed)
    {
        while (TryKind(schema, "$ref", JsonValueKind.String, out JsonElement reference))
        {
            string pointer = reference.GetString()!;
            schema = followed.Add(pointer) ? Find(root, pointer) : default;
        }
        return schema;
    }

    private static JsonElement Find(JsonElement root, string pointer)
    {
        if (!pointer.StartsWith('#'))
            return default;
        JsonElement found = root;
        foreach (string part in pointer[1..].Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/").Replace("~0", "~");
            if (found.ValueKind != JsonValueKind.Object || !found.TryGetProperty(name, out found))
                return default;
        }
        return found;
    }

    private static bool TryObject(JsonElement schema, string name, out JsonElement value) =>
        TryKind(schema, name, JsonValueKind.Object, out value);

    private static bool TryArray(JsonElement schema, string name, out JsonElement value) =>
        TryKind(schema, name, JsonValueKind.Array, out value);

    private static bool TryKind(JsonElement schema, string name, JsonValueKind kind, out JsonElement value)
    {
        value = default;
        return schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(name, out value) && value.ValueKind == kind;
    }
}
