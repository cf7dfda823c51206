using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>What the answer must look like, from <c>response_format</c> and the extensions beside it.</summary>
internal static class FormatMapper
{
    /// <summary>The format of a chat request; null for free text.</summary>
    public static AnswerFormat? Map(ChatCompletionRequest request)
    {
        AnswerFormat? format = FromResponseFormat(request.ResponseFormat);
        AnswerFormat? extension = FromExtensions(request);
        if (format is not null && extension is not null)
            throw Fault.Of($"'response_format' and '{extension.Param}' cannot be used together.", extension.Param, "invalid_parameter_combination");
        return format ?? extension;
    }

    /// <summary>The format that the extensions ask for; null for free text.</summary>
    public static AnswerFormat? FromExtensions(GenerationFields fields)
    {
        AnswerFormat[] formats = [.. Extensions(fields).OfType<AnswerFormat>()];
        if (formats.Length > 1)
            throw Fault.Of($"'{formats[0].Param}' and '{formats[1].Param}' cannot be used together.", formats[1].Param, "invalid_parameter_combination");
        return formats.FirstOrDefault();
    }

    private static AnswerFormat? FromResponseFormat(ResponseFormat? format)
    {
        const string param = "response_format";
        switch (format?.Type)
        {
            case "json_object":
                return new AnswerFormat.JsonObject(param);
            case "json_schema":
                if (format.JsonSchema is null)
                    throw Fault.Missing($"{param}.json_schema");
                return Schema(format.JsonSchema, param);
            default:
                return null;
        }
    }

    private static AnswerFormat Schema(JsonSchemaFormat format, string param)
    {
        if (format.Schema is not { } schema)
            return new AnswerFormat.JsonObject(param);
        if (format.Strict == true)
            RequireObjectRoot(schema, format.Name, param);
        return new AnswerFormat.JsonSchema(schema, format.Name, param);
    }

    /// <summary>Clients that ask for strict schemas parse an object; another root is a mistake they want to hear of.</summary>
    private static void RequireObjectRoot(JsonElement schema, string name, string param)
    {
        if (schema.TryGetProperty("type", out JsonElement type) && type.ValueKind == JsonValueKind.String && type.GetString() != "object")
            throw Fault.Of($"Invalid schema for response_format '{name}': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{type.GetString()}\"'.", param);
    }

    private static IEnumerable<AnswerFormat?> Extensions(GenerationFields fields)
    {
        yield return Json(fields.GuidedJson, "guided_json");
        yield return fields.GuidedRegex is { } regex ? new AnswerFormat.Regex(regex, "guided_regex") : null;
        yield return fields.GuidedChoice is { } choice ? new AnswerFormat.Choice([.. choice], "guided_choice") : null;
        yield return fields.GuidedGrammar is { } grammar ? new AnswerFormat.Grammar(grammar, "guided_grammar") : null;
        if (fields.StructuredOutputs is not { } structured)
            yield break;
        const string prefix = "structured_outputs.";
        yield return Json(structured.Json, prefix + "json");
        yield return structured.Regex is { } pattern ? new AnswerFormat.Regex(pattern, prefix + "regex") : null;
        yield return structured.Choice is { } values ? new AnswerFormat.Choice([.. values], prefix + "choice") : null;
        yield return structured.Grammar is { } text ? new AnswerFormat.Grammar(text, prefix + "grammar") : null;
        yield return structured.JsonObject == true ? new AnswerFormat.JsonObject(prefix + "json_object") : null;
    }

    /// <summary>A schema, as JSON or as text that holds JSON.</summary>
    private static AnswerFormat.JsonSchema? Json(JsonElement? schema, string param)
    {
        if (schema is not { } given || given.ValueKind == JsonValueKind.Null)
            return null;
        if (given.ValueKind != JsonValueKind.String)
            return new AnswerFormat.JsonSchema(given, param, param);
        try
        {
            return new AnswerFormat.JsonSchema(JsonElement.Parse(given.GetString()!), param, param);
        }
        catch (JsonException exception)
        {
            throw Fault.Of($"Invalid schema in '{param}': it is not JSON ({exception.Message})", param, "invalid_value");
        }
    }
}
