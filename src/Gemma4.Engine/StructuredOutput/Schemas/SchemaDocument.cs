using System.Text.Json;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>The schema as a document: finds what <c>$ref</c> points to, within it only.</summary>
internal sealed class SchemaDocument(JsonElement root)
{
    private Dictionary<string, SchemaRef>? _identified;

    public SchemaRef Root { get; } = new(root, "#");

    /// <exception cref="ConstraintException">The reference leaves the document or points nowhere.</exception>
    public SchemaRef Resolve(SchemaRef from, string reference)
    {
        int hash = reference.IndexOf('#');
        string uri = hash < 0 ? reference : reference[..hash];
        string fragment = hash < 0 ? "" : Uri.UnescapeDataString(reference[(hash + 1)..]);
        if (uri.Length == 0 && fragment.Length == 0)
            return Root;
        _identified ??= Identify();
        SchemaRef? start = uri.Length == 0 ? Root : _identified.GetValueOrDefault(uri) ?? _identified.GetValueOrDefault(LastSegment(uri));
        SchemaRef? target = start is null ? null
            : fragment.Length == 0 ? start
            : fragment[0] == '/' ? Walk(start, fragment)
            : _identified.GetValueOrDefault("#" + fragment);
        if (target is not null && target.Schema.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False)
            return target;
        throw from.Refuse(uri.Length == 0 || start is not null
            ? $"the reference '{reference}' points to no schema"
            : $"the reference '{reference}' leaves the document; schemas are not fetched", "$ref");
    }

    private static string LastSegment(string uri) => uri[(uri.LastIndexOf('/') + 1)..];

    private static SchemaRef? Walk(SchemaRef start, string fragment)
    {
        JsonElement at = start.Schema;
        foreach (string raw in fragment[1..].Split('/'))
        {
            string name = raw.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            if (at.ValueKind == JsonValueKind.Object && at.TryGetProperty(name, out JsonElement member))
                at = member;
            else if (at.ValueKind == JsonValueKind.Array && int.TryParse(name, out int index) && index >= 0 && index < at.GetArrayLength())
                at = at[index];
            else
                return null;
        }
        return new(at, start.Pointer + fragment);
    }

    /// <summary>Every schema that names itself: <c>$id</c>, <c>id</c>, <c>$anchor</c>.</summary>
    private Dictionary<string, SchemaRef> Identify()
    {
        Dictionary<string, SchemaRef> found = [];
        Stack<SchemaRef> open = new([Root]);
        while (open.TryPop(out SchemaRef? at))
        {
            if (at.Schema.ValueKind == JsonValueKind.Array)
            {
                int index = 0;
                foreach (JsonElement item in at.Schema.EnumerateArray())
                    open.Push(new(item, $"{at.Pointer}/{index++}"));
            }
            if (at.Schema.ValueKind != JsonValueKind.Object)
                continue;
            foreach (JsonProperty member in at.Schema.EnumerateObject())
            {
                if (member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.Array && member.Name is not ("enum" or "const" or "default" or "examples"))
                    open.Push(new(member.Value, at.Child(member.Name, member.Value).Pointer));
                if (member.Value.ValueKind != JsonValueKind.String)
                    continue;
                string value = member.Value.GetString()!;
                if (member.Name is "$anchor" or "$dynamicAnchor")
                    found.TryAdd("#" + value, at);
                if (member.Name is not ("$id" or "id"))
                    continue;
                found.TryAdd(value, at);
                found.TryAdd(value.TrimEnd('#'), at);
                found.TryAdd(LastSegment(value.TrimEnd('#')), at);
            }
        }
        return found;
    }
}
