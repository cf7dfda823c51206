using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;
using Gemma4.Server.Hosting;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like, to the automaton that holds it to that. What cannot be enforced is refused, never ignored.</summary>
internal static class ConstraintMapper
{
    /// <summary>What a conversation's answer is held to: its format or its calls, and before them a thought within its budget.</summary>
    /// <remarks>A format leaves no room for calls that the model may make but need not: the request asked for that format.</remarks>
    public static ITokenConstraintSource? Compile(ChatJob job, ChatPrompt prompt, LoadedModel model)
    {
        bool mustCall = job.Tools.Use == ToolUse.Required;
        if (mustCall && job.Format is not null)
            throw Fault.Of($"'{job.Format.Param}' cannot be used where 'tool_choice' demands a call.", job.Format.Param, "invalid_parameter_combination");
        ITokenConstraintSource? answer = job.Format is null ? Calls(job.Tools, model) : Compile(job.Format, model);
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

    private static ITokenConstraintSource? Calls(ToolPolicy tools, LoadedModel model)
    {
        if (tools.Use == ToolUse.None || tools.Tools.IsEmpty)
            return null;
        ToolCallMode mode = tools.Use == ToolUse.Required ? ToolCallMode.Required : ToolCallMode.Auto;
        try
        {
            return model.Constraints.CompileToolCalls(
                [.. tools.Tools.Select(t => new ToolSignature(t.Name, ToolSchemas.Closed(t.Parameters), t.IsStrict))], mode, tools.IsParallel);
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
