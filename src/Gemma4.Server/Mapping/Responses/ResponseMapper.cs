using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Engine.Configuration;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>A response request of the right shape to what it means, or the first fault of its meaning.</summary>
internal static class ResponseMapper
{
    private const string LogprobsInclude = "message.output_text.logprobs";

    /// <summary>The items that the request goes on from.</summary>
    /// <exception cref="ApiException">They are not kept, or not whole yet.</exception>
    public static async Task<EarlierItems> EarlierAsync(ResponseRequest request, CallerResponses stored, CancellationToken cancellationToken)
    {
        if (request.Conversation is { } conversation)
            return await stored.InConversationAsync(conversation.Id, cancellationToken) ?? throw ConversationFaults.NotFound(conversation.Id);
        if (request.PreviousResponseId is not { } id)
            return EarlierItems.None;
        ResponseProgress? previous = await stored.ProgressAsync(id, cancellationToken);
        if (previous?.IsRunning == true)
            throw Fault.Of($"Previous response with id '{id}' is still being made. Wait for its end, or cancel it.", "previous_response_id");
        return await stored.ConversationAsync(id, cancellationToken)
            ?? throw Fault.Of($"Previous response with id '{id}' not found.", "previous_response_id", "previous_response_not_found");
    }

    /// <summary>The conversation that the request goes on with: the items before it, then its own.</summary>
    /// <exception cref="ApiException">A call without a result, or a result without its call.</exception>
    public static ImmutableArray<ResponseItem> Conversation(EarlierItems earlier, ImmutableArray<ResponseItem> input)
    {
        ImmutableArray<ResponseItem> all = [.. earlier.Items, .. input];
        ResponseItemRules.CheckCalls(all);
        return all;
    }

    /// <param name="id">The answer's.</param>
    /// <param name="request">The request.</param>
    /// <param name="conversation">What <see cref="Conversation"/> made of it.</param>
    /// <param name="numOwn">How many of its items, the last ones, are the request's own.</param>
    /// <param name="options">Limits and defaults.</param>
    public static ChatJob Map(string id, ResponseRequest request, ImmutableArray<ResponseItem> conversation, int numOwn, ApiOptions options)
    {
        ImmutableDictionary<string, JsonElement> variables = ThinkingMapper.Variables(request.ChatTemplateKwargs);
        Thinking thinking = ThinkingMapper.Map(request.Reasoning?.Effort, variables, request.ThinkingTokenBudget, options);
        var messages = new ResponseConversation();
        return new ChatJob
        {
            Id = id,
            Messages = messages.Map(request.Instructions, conversation, conversation.Length - numOwn, request.Conversation is null ? "previous_response_id" : "conversation"),
            Media = messages.Media,
            MediaDefaults = MediaMapper.Defaults(request.MmProcessorKwargs),
            Tools = ResponseTools.Map(request, options.MaxTools),
            Format = Format(request),
            Thinks = thinking.Thinks,
            ThinkingBudget = thinking.Budget,
            TemplateVariables = variables.Remove(ThinkingMapper.Variable),
            Settings = SettingsMapper.Map(request) with { NumSequences = 1 },
            MaxTokens = request.MaxOutputTokens,
            MaxTokensParam = "max_output_tokens",
            PromptParam = "input",
            NumLogprobs = request.Include?.Contains(LogprobsInclude) == true ? request.TopLogprobs ?? 0 : null,
            StreamsToolArguments = request.Stream ?? false,
        };
    }

    /// <summary>The response before anything is generated: what was asked for.</summary>
    public static ResponseObject Start(AnswerHead head, ResponseRequest request, GenerationDefaults defaults) => new()
    {
        Id = head.Id,
        CreatedAt = head.Created,
        Status = "in_progress",
        Background = request.Background ?? false,
        Conversation = request.Conversation is { } conversation ? new ResponseConversationObject { Id = conversation.Id } : null,
        Instructions = request.Instructions,
        MaxOutputTokens = request.MaxOutputTokens,
        MaxToolCalls = request.MaxToolCalls,
        Model = head.Model,
        Output = [],
        ParallelToolCalls = request.ParallelToolCalls ?? true,
        PreviousResponseId = request.PreviousResponseId,
        PromptCacheKey = request.PromptCacheKey,
        Reasoning = request.Reasoning ?? new ResponseReasoning(),
        SafetyIdentifier = request.SafetyIdentifier,
        Store = request.Store ?? true,
        Temperature = request.Temperature ?? defaults.Temperature ?? 1,
        Text = (request.Text ?? new ResponseText()) with { Format = request.Text?.Format ?? new ResponseTextFormat { Type = "text" } },
        ToolChoice = request.ToolChoice ?? new ResponseToolChoice("auto"),
        Tools = [.. (request.Tools ?? []).Where(t => ResponseTools.Has(t.Type))],
        TopLogprobs = request.TopLogprobs ?? 0,
        TopP = request.TopP ?? defaults.TopP ?? 1,
        Truncation = request.Truncation ?? "disabled",
        User = request.User?.Name,
        Metadata = request.Metadata ?? [],
    };

    private static AnswerFormat? Format(ResponseRequest request)
    {
        AnswerFormat? extension = FormatMapper.FromExtensions(request);
        AnswerFormat? format = request.Text?.Format switch
        {
            { Type: "json_object" } => new AnswerFormat.JsonObject("text.format"),
            { Type: "json_schema" } schema => new AnswerFormat.JsonSchema(schema.Schema!.Value, schema.Name!, "text.format.schema"),
            _ => null,
        };
        if (format is not null && extension is not null)
            throw Fault.Of($"'text.format' and '{extension.Param}' cannot be used together.", extension.Param, "invalid_parameter_combination");
        return format ?? extension;
    }
}
