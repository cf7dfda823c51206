using Gemma4.Engine.Requests;
using Gemma4.Engine.StructuredOutput;
using Gemma4.Server.Errors;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Mapping;

/// <summary>What an answer must look like, to the automaton that holds it to that. What cannot be enforced is refused, never ignored.</summary>
/// <param name="threads">Compile what is not kept.</param>
internal sealed class ConstraintMapper(CompileThreads threads)
{
    /// <summary>What a conversation's answer is held to: its format or its calls, and before them a thought within its budget.</summary>
    /// <remarks>A format holds what is said. Calls are not said: where the model may call it either calls or answers in the format, and where
    /// it must call nothing is left for the format to hold.</remarks>
    public async Task<ITokenConstraintSource?> CompileAsync(ChatJob job, ChatPrompt prompt, LoadedModel model, CancellationToken cancellationToken)
    {
        ITokenConstraintSource? answer = await CompileAsync(job.Format, model, cancellationToken);
        answer = await CallsAsync(job.Tools, answer, model, cancellationToken);
        bool mayThink = job.Thinks || prompt.Tokenized.Tail.IsInsideThought;
        return mayThink && (answer is not null || job.ThinkingBudget is not null)
            ? model.Constraints.WithThinking(answer, prompt.Tokenized.Tail.IsInsideThought, job.ThinkingBudget)
            : answer;
    }

    /// <summary>Null for free text.</summary>
    public async Task<ITokenConstraintSource?> CompileAsync(AnswerFormat? format, LoadedModel model, CancellationToken cancellationToken)
    {
        if (format is null)
            return null;
        try
        {
            return await threads.CompileAsync(model.Constraints, Spec(format, model), cancellationToken);
        }
        catch (ConstraintException exception)
        {
            throw Refusal(format, exception);
        }
    }

    private static ConstraintSpec Spec(AnswerFormat format, LoadedModel model) => format switch
    {
        AnswerFormat.JsonObject => ConstraintSpec.JsonSchema.AnyObject(model.JsonWhitespace),
        AnswerFormat.JsonSchema schema => new ConstraintSpec.JsonSchema(schema.Schema, model.JsonWhitespace),
        AnswerFormat.Regex regex => new ConstraintSpec.Regex(regex.Pattern),
        AnswerFormat.Choice choice => new ConstraintSpec.Choice(choice.Values),
        AnswerFormat.Grammar grammar => new ConstraintSpec.Grammar(grammar.Text),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private async Task<ITokenConstraintSource?> CallsAsync(
        ToolPolicy tools, ITokenConstraintSource? format, LoadedModel model, CancellationToken cancellationToken)
    {
        if (tools.Use == ToolUse.None || tools.Tools.IsEmpty)
            return format;
        ToolSignature[] signatures = [.. tools.Tools.Select(t => new ToolSignature(t.Name, ToolSchemas.Closed(t.Parameters), t.IsStrict) { Input = t.Input })];
        bool beginsWithCall = tools.Use == ToolUse.Required || format is not null;
        ConstraintSpec spec = new ConstraintSpec.ToolCalls(signatures, beginsWithCall ? ToolCallMode.Required : ToolCallMode.Auto, tools.IsParallel);
        try
        {
            ITokenConstraintSource calls = await threads.CompileAsync(model.Constraints, spec, cancellationToken);
            return tools.Use == ToolUse.Required || format is null ? calls : model.Constraints.CallsOrAnswer(calls, format);
        }
        catch (ConstraintException exception)
        {
            // The path begins with the name of the tool at fault.
            FunctionTool? tool = tools.Tools.Where(t => exception.Path.StartsWith(t.Name, StringComparison.Ordinal)).MaxBy(t => t.Name.Length);
            throw tool is { IsCustom: true }
                ? Fault.Of($"Invalid grammar for tool '{tool.Name}': {exception.Message}", tool.Param, TooComplex(exception) ?? "invalid_value")
                : Fault.Of(
                    $"Invalid schema for function '{tool?.Name}': {exception.Message}", tool?.Param ?? "tools",
                    TooComplex(exception) ?? "invalid_function_parameters");
        }
    }

    private static ApiException Refusal(AnswerFormat format, ConstraintException exception) => format is AnswerFormat.JsonSchema schema
        ? Fault.Of($"Invalid schema for {format.Param} '{schema.Name}': {exception.Message}", format.Param, TooComplex(exception) ?? schema.Code)
        : Fault.Of($"Invalid value for '{format.Param}': {exception.Message}", format.Param, TooComplex(exception) ?? "invalid_value");

    private static string? TooComplex(ConstraintException exception) => exception is ConstraintTooComplexException ? "constraint_too_complex" : null;
}
