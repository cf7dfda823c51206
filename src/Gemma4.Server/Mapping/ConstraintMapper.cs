using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like, to the automaton that holds it to that. What cannot be enforced is refused, never ignored.</summary>
internal static class ConstraintMapper
{
    /// <summary>What a conversation's answer is held to: its format or its calls, and before them a thought within its budget.</summary>
    /// <remarks>A format holds what is said. Calls are not said: where the model may call it either calls or answers in the format, and where
    /// it must call nothing is left for the format to hold.</remarks>
    public static ITokenConstraintSource? Compile(ChatJob job, ChatPrompt prompt, LoadedModel model)
    {
        ITokenConstraintSource? answer = Calls(job.Tools, Compile(job.Format, model), model);
        bool mayThink = job.Thinks || prompt.Tokenized.Tail.IsInsideThought;
        return mayThink && (answer is not null || job.ThinkingBudget is not null)
            ? model.Constraints.WithThinking(answer, prompt.Tokenized.Tail.IsInsideThought, job.ThinkingBudget)
            : answer;
    }

    /// <summary>Null for free text.</summary>
    public static ITokenConstraintSource? Compile(AnswerFormat? format, LoadedModel model)
    {
        ConstraintCompiler compiler = model.Constraints;
        try
        {
            return format switch
            {
                null => null,
                AnswerFormat.JsonObject => compiler.CompileJsonObject(model.JsonWhitespace),
                AnswerFormat.JsonSchema schema => compiler.CompileJsonSchema(schema.Schema, model.JsonWhitespace),
                AnswerFormat.Regex regex => compiler.CompileRegex(regex.Pattern),
                AnswerFormat.Choice choice => compiler.CompileChoice(choice.Values),
                AnswerFormat.Grammar grammar => compiler.CompileGrammar(grammar.Text),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }
        catch (ConstraintException exception)
        {
            throw Refusal(format!, exception);
        }
    }

    private static ITokenConstraintSource? Calls(ToolPolicy tools, ITokenConstraintSource? format, LoadedModel model)
    {
        if (tools.Use == ToolUse.None || tools.Tools.IsEmpty)
            return format;
        ToolSignature[] signatures = [.. tools.Tools.Select(t => new ToolSignature(t.Name, ToolSchemas.Closed(t.Parameters), t.IsStrict))];
        try
        {
            if (tools.Use == ToolUse.Required)
                return model.Constraints.CompileToolCalls(signatures, ToolCallMode.Required, tools.IsParallel);
            return format is null
                ? model.Constraints.CompileToolCalls(signatures, ToolCallMode.Auto, tools.IsParallel)
                : model.Constraints.CompileToolCallsOr(signatures, tools.IsParallel, format);
        }
        catch (ConstraintException exception)
        {
            // The path begins with the name of the tool at fault.
            FunctionTool? tool = tools.Tools.FirstOrDefault(t => exception.Path.StartsWith(t.Name, StringComparison.Ordinal));
            throw Fault.Of(
                $"Invalid schema for function '{tool?.Name}': {exception.Message}", tool?.Param ?? "tools", "invalid_function_parameters");
        }
    }

    private static ApiException Refusal(AnswerFormat format, ConstraintException exception) => format is AnswerFormat.JsonSchema schema
        ? Fault.Of($"Invalid schema for {format.Param} '{schema.Name}': {exception.Message}", format.Param, schema.Code)
        : Fault.Of($"Invalid value for '{format.Param}': {exception.Message}", format.Param, "invalid_value");
}
