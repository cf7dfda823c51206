using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.OpenAI.Tokens;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>A chat completion request of the right shape to what it means, or the first fault of its meaning.</summary>
internal static class ChatMapper
{
    public static ChatJob Map(string id, ChatCompletionRequest request, ApiOptions options)
    {
        ChatRules.Check(request, options.MaxN, options.MaxStopStrings);
        ToolPolicy tools = ToolMapper.Map(request, options.MaxTools);
        AnswerFormat? format = FormatMapper.Map(request);
        MessageRules.Check(request.Messages);
        ImmutableDictionary<string, JsonElement> variables = ThinkingMapper.Variables(request.ChatTemplateKwargs);
        Thinking thinking = ThinkingMapper.Map(request.ReasoningEffort, variables, request.ThinkingTokenBudget, options);
        var messages = new MessageMapper();
        return new ChatJob
        {
            Id = id,
            Messages = messages.Map(request.Messages),
            Media = messages.Media,
            MediaDefaults = MediaMapper.Defaults(request.MmProcessorKwargs),
            Tools = tools,
            Format = format,
            Thinks = thinking.Thinks,
            ThinkingBudget = thinking.Budget,
            TemplateVariables = variables.Remove(ThinkingMapper.Variable),
            AddGenerationPrompt = request.AddGenerationPrompt ?? true,
            ContinueFinalMessage = request.ContinueFinalMessage ?? false,
            Settings = SettingsMapper.Map(request),
            MaxTokens = ContextRules.Limit(request.MaxCompletionTokens ?? request.MaxTokens),
            MaxTokensParam = request.MaxCompletionTokens is null ? "max_tokens" : "max_completion_tokens",
            NumLogprobs = request.Logprobs == true ? request.TopLogprobs ?? 0 : null,
            StreamsToolArguments = request.Stream ?? false,
        };
    }

    /// <summary>A conversation that is only tokenised.</summary>
    public static ChatJob Map(string id, TokenizeRequest request, ApiOptions options)
    {
        ChatMessageDto[] conversation = request.Messages!;
        ImmutableArray<FunctionTool> tools = ToolMapper.Functions(request.Tools, options.MaxTools);
        MessageRules.Check(conversation);
        ImmutableDictionary<string, JsonElement> variables = ThinkingMapper.Variables(request.ChatTemplateKwargs);
        var messages = new MessageMapper();
        return new ChatJob
        {
            Id = id,
            Messages = messages.Map(conversation),
            Media = messages.Media,
            Tools = ToolPolicy.Of(tools, null),
            Thinks = ThinkingMapper.Map(null, variables, null, options).Thinks,
            TemplateVariables = variables.Remove(ThinkingMapper.Variable),
            AddGenerationPrompt = request.AddGenerationPrompt ?? true,
        };
    }
}
