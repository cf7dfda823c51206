using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like, to the automaton that holds it to that. What cannot be enforced is refused, never ignored.</summary>
internal static class ConstraintMapper
{
    private static readonly JsonElement AnyObject = JsonElement.Parse("""{"type":"object"}""");

    /// <summary>What a conversation's answer is held to: its format, the calls that it must make, its thinking budget.</summary>
    public static ITokenConstraintSource? Compile(ChatJob job, ChatPrompt prompt, LoadedModel model)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        if (job.Tools.Use == ToolUse.Required)
            throw Fault.UnsupportedParameter("tool_choice", "other than 'auto' and 'none' cannot be enforced by this server.");
        return Compile(job.Format, model);
    }

    /// <summary>Null for free text.</summary>
    public static ITokenConstraintSource? Compile(AnswerFormat? format, LoadedModel model)
    {
        try
        {
            return format switch
            {
                null => null,
                AnswerFormat.JsonObject => model.Constraints.CompileJsonSchema(AnyObject),
                AnswerFormat.JsonSchema schema => model.Constraints.CompileJsonSchema(schema.Schema),
                _ => throw Fault.UnsupportedParameter(format.Param, "cannot be enforced by this server."),
            };
        }
        catch (ConstraintException exception)
        {
            string name = format is AnswerFormat.JsonSchema schema ? schema.Name : "";
            throw Fault.Of($"Invalid schema for {format!.Param} '{name}': {exception.Message}", format.Param);
        }
    }
}
