using System.Text.Json;
using System.Text.Json.Nodes;
using Json.Schema;

namespace Gemma4.Conformance;

/// <summary>Validates answers against a document of JSON schemas (<c>$defs</c>), where there is one beside the cases.</summary>
internal sealed class AnswerSchemas
{
    private readonly JsonObject? _document;
    private readonly Dictionary<string, JsonSchema> _compiled = new(StringComparer.Ordinal);

    /// <param name="path">The document; nothing is validated by name where it is absent.</param>
    public AnswerSchemas(string path)
    {
        if (File.Exists(path))
            _document = JsonNode.Parse(File.ReadAllText(path))!.AsObject();
    }

    /// <summary>Whether names can be looked up.</summary>
    public bool HasDefinitions => _document is not null;

    /// <summary>Whether a value satisfies a schema.</summary>
    public bool Accepts(JsonElement schema, JsonElement value) => Fault(JsonSchema.FromText(schema.GetRawText()), value) is null;

    /// <summary>What is wrong with an answer by one of the definitions; null when nothing is.</summary>
    public string? Fault(string definition, JsonElement value)
    {
        if (_document is null)
            return null;
        if (!_compiled.TryGetValue(definition, out JsonSchema? schema))
        {
            var root = new JsonObject
            {
                ["$schema"] = _document["$schema"]?.DeepClone(),
                ["$ref"] = "#/$defs/" + definition,
                ["$defs"] = _document["$defs"]!.DeepClone(),
            };
            _compiled[definition] = schema = JsonSchema.FromText(root.ToJsonString());
        }
        return Fault(schema, value);
    }

    private static string? Fault(JsonSchema schema, JsonElement value)
    {
        EvaluationResults results = schema.Evaluate(value, new EvaluationOptions { OutputFormat = OutputFormat.List });
        if (results.IsValid)
            return null;
        IEnumerable<string> errors = (results.Details ?? []).Where(d => d.Errors is not null)
            .SelectMany(d => d.Errors!.Select(e => $"{d.InstanceLocation}: {e.Value}"));
        return string.Join(" | ", errors.Distinct().Take(3));
    }
}
