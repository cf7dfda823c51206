using System.Collections.Immutable;
using System.Diagnostics;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Settings;
using Gemma4.Server.Wire;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>A request of <c>/v1/messages</c> of the right shape to what it means, or the first fault of its meaning.</summary>
internal static class MessagesMapper
{
    public static ChatJob Map(string id, MessageRequest request, ApiOptions options)
    {
        CheckStops(request.StopSequences, options.MaxStopStrings);
        var conversation = new MessageConversation();
        bool thinks = request.Thinking is null ? options.ThinkByDefault : request.Thinking.Type != "disabled";
        return new ChatJob
        {
            Id = id,
            Messages = conversation.Map(request.System, request.Messages),
            Media = conversation.Media,
            MediaDefaults = MediaMapper.Defaults(request.MmProcessorKwargs),
            Tools = Tools(request, options.MaxTools),
            Format = request.OutputConfig?.Format is { } format
                ? new AnswerFormat.JsonSchema(format.Schema, "output", "output_config.format.schema")
                : null,
            Thinks = thinks,
            ThinkingBudget = request.Thinking?.BudgetTokens,
            ContinueFinalMessage = request.Messages[^1].Role == "assistant",
            AddGenerationPrompt = request.Messages[^1].Role != "assistant",
            Settings = new GenerationSettings
            {
                Temperature = request.Temperature,
                TopP = request.TopP,
                TopK = request.TopK,
                StopTexts = request.StopSequences ?? [],
            },
            MaxTokens = request.MaxTokens,
            StreamsToolArguments = request.Stream ?? false,
        };
    }

    private static void CheckStops(string[]? stops, int maximum)
    {
        if (stops?.Length > maximum)
            throw Fault.ArrayTooLong("stop_sequences", maximum, stops.Length);
        int empty = Array.FindIndex(stops ?? [], string.IsNullOrWhiteSpace);
        if (empty >= 0)
            throw Fault.Of("each stop sequence must contain non-whitespace", $"stop_sequences[{empty}]", "invalid_value");
    }

    private static ToolPolicy Tools(MessageRequest request, int maxTools)
    {
        MessageTool[] tools = request.Tools ?? [];
        if (tools.Length > maxTools)
            throw Fault.ArrayTooLong("tools", maxTools, tools.Length);
        ImmutableArray<FunctionTool> functions = [.. tools.Select(Function)];
        MessageToolChoice? choice = functions.IsEmpty && request.ToolChoice?.Type == "auto" ? null : request.ToolChoice;
        return ToolPolicy.Of(functions, Choice(choice)) with { IsParallel = request.ToolChoice?.DisableParallelToolUse != true };
    }

    private static FunctionTool Function(MessageTool tool, int index)
    {
        if (tool.Type is not (null or "custom"))
            throw Fault.UnsupportedValue($"tools[{index}].type", $"Unsupported value: '{tool.Type}'. This server has no hosted tools.");
        return new FunctionTool(tool.Name, tool.Description, tool.InputSchema, tool.Strict ?? false, $"tools[{index}].input_schema");
    }

    private static ToolChoice? Choice(MessageToolChoice? choice) => choice?.Type switch
    {
        null => null,
        "none" => new ToolChoice.Any(ToolUse.None),
        "auto" => new ToolChoice.Any(ToolUse.Auto),
        "any" => new ToolChoice.Any(ToolUse.Required),
        "tool" => new ToolChoice.Named(new ToolReference(choice.Name ?? throw Fault.Missing("tool_choice.name"), IsCustom: false, "tool_choice")),
        _ => throw new UnreachableException(),
    };
}
