using System.Collections.Immutable;
using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.Ollama;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>Requests of Ollama's API, of the right shape, to what they mean, or the first fault of their meaning.</summary>
internal static class OllamaMapper
{
    private static readonly string[] Levels = ["low", "medium", "high", "max"];

    public static ChatJob Map(string id, OllamaChatRequest request, ApiOptions options)
    {
        var conversation = new OllamaConversation();
        return Job(id, request, options) with
        {
            Messages = conversation.Map(request.Messages!),
            Media = conversation.Media,
            Tools = Tools(request.Tools ?? [], options.MaxTools),
            ContinueFinalMessage = request.Messages![^1] is { Role: "assistant", ToolCalls: null or [] },
            AddGenerationPrompt = request.Messages[^1] is not { Role: "assistant", ToolCalls: null or [] },
        };
    }

    public static ChatJob Map(string id, OllamaGenerateRequest request, ApiOptions options)
    {
        var conversation = new OllamaConversation();
        return Job(id, request, options) with { Messages = conversation.Map(request), Media = conversation.Media, PromptParam = "prompt" };
    }

    /// <summary>What a prompt without the template asks for; its conversation is empty.</summary>
    public static ChatJob MapRaw(string id, OllamaGenerateRequest request, ApiOptions options)
    {
        if (request.Images is { Length: > 0 })
            throw Fault.Of("'raw' and 'images' cannot be used together: a prompt without the template has no places for images.", "images", "invalid_parameter_combination");
        return Job(id, request, options) with { PromptParam = "prompt" };
    }

    private static ChatJob Job(string id, OllamaRequest request, ApiOptions options)
    {
        OllamaOptions asked = request.Options ?? new OllamaOptions();
        if (asked.Stop?.Length > options.MaxStopStrings)
            throw Fault.ArrayTooLong("options.stop", options.MaxStopStrings, asked.Stop.Length);
        Thinking thinking = Thinks(request.Think, options);
        return new ChatJob
        {
            Id = id,
            Messages = [],
            Format = Format(request.Format),
            Thinks = thinking.Thinks,
            ThinkingBudget = thinking.Budget,
            Settings = new GenerationSettings
            {
                Temperature = asked.Temperature,
                TopP = asked.TopP,
                TopK = asked.TopK,
                MinP = asked.MinP,
                Seed = asked.Seed,
                StopTexts = asked.Stop ?? [],
                RepetitionPenalty = asked.RepeatPenalty,
                PresencePenalty = asked.PresencePenalty,
                FrequencyPenalty = asked.FrequencyPenalty,
            },
            MaxTokens = asked.NumPredict > 0 ? asked.NumPredict : null,
            MaxTokensParam = "options.num_predict",
        };
    }

    private static Thinking Thinks(JsonElement? think, ApiOptions options) => think switch
    {
        null or { ValueKind: JsonValueKind.Null } => new Thinking(options.ThinkByDefault, null),
        { ValueKind: JsonValueKind.True or JsonValueKind.False } flag => new Thinking(flag.GetBoolean(), null),
        { ValueKind: JsonValueKind.String } level when Levels.Contains(level.GetString()) =>
            ThinkingMapper.Map(level.GetString(), ImmutableDictionary<string, JsonElement>.Empty, null, options),
        { ValueKind: JsonValueKind.String } other => throw Fault.Value("think", other.GetString()!, ["true", "false", .. Levels]),
        { } other => throw Fault.Type("think", "one of a boolean or string", JsonKinds.Describe(other)),
    };

    private static AnswerFormat? Format(JsonElement? format) => format switch
    {
        null or { ValueKind: JsonValueKind.Null } => null,
        { ValueKind: JsonValueKind.Object } schema => new AnswerFormat.JsonSchema(schema, "format", "format"),
        { ValueKind: JsonValueKind.String } name when name.GetString() is { Length: 0 } => null,
        { ValueKind: JsonValueKind.String } name => name.GetString() == "json"
            ? new AnswerFormat.JsonObject("format")
            : throw Fault.Value("format", name.GetString()!, ["json"]),
        { } other => throw Fault.Type("format", "one of a string or object", JsonKinds.Describe(other)),
    };

    private static ToolPolicy Tools(OllamaTool[] tools, int maxTools)
    {
        if (tools.Length > maxTools)
            throw Fault.ArrayTooLong("tools", maxTools, tools.Length);
        return ToolPolicy.Of(
            [.. tools.Select((t, i) => new FunctionTool(t.Function.Name, t.Function.Description, t.Function.Parameters, false, $"tools[{i}].function.parameters"))], null);
    }
}
