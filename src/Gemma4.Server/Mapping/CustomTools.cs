using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Engine.Chat;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>Tools that take free text. To the model one is a function with a single string, which its grammar is enforced in.</summary>
internal static class CustomTools
{
    private static readonly JsonElement Parameters = JsonElement.Parse(
        $$$"""{"type":"object","properties":{"{{{ToolSignature.InputParameter}}}":{"type":"string"}},"required":["{{{ToolSignature.InputParameter}}}"],"additionalProperties":false}""");

    /// <param name="name">Its name.</param>
    /// <param name="description">What it does.</param>
    /// <param name="syntax"><c>lark</c> or <c>regex</c>; null where any text will do.</param>
    /// <param name="definition">The grammar or pattern.</param>
    /// <param name="param">Where the request has it, for errors.</param>
    public static FunctionTool Of(string name, string? description, string? syntax, string? definition, string param)
    {
        if (syntax is not null && definition is null)
            throw Fault.Missing(param);
        // The model writes better what it is told to write than what it is only held to.
        string? format = syntax switch
        {
            "lark" => $"The input is text of this Lark grammar:\n{definition}",
            "regex" => $"The input matches this regular expression: {definition}",
            _ => null,
        };
        return new FunctionTool(name, string.Join("\n\n", new[] { description, format }.OfType<string>()), Parameters, true, param)
        {
            IsCustom = true,
            Input = syntax switch
            {
                "lark" => new ToolInput.Grammar(definition!),
                "regex" => new ToolInput.Pattern(definition!),
                _ => null,
            },
        };
    }

    /// <summary>A call given back, as the model made it.</summary>
    public static ChatToolCall Call(string? id, string name, string input) =>
        new(id, name, new JsonObject { [ToolSignature.InputParameter] = input }.ToJsonString());
}
