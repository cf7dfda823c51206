using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace Gemma4.Server.OpenAI;

/// <summary>Extension: what the answer must look like; exactly one of the fields.</summary>
internal sealed record StructuredOutputs
{
    /// <summary>A JSON schema, as object or as text.</summary>
    public JsonElement? Json { get; init; }

    /// <summary>A regular expression that the whole answer matches.</summary>
    public string? Regex { get; init; }

    /// <summary>The answer is one of these.</summary>
    [MinLength(1)]
    public string[]? Choice { get; init; }

    /// <summary>A grammar, GBNF or the Lark subset.</summary>
    public string? Grammar { get; init; }

    /// <summary>Any JSON object.</summary>
    public bool? JsonObject { get; init; }
}
