using System.Diagnostics;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Chat completion chunks: a role, deltas, one finish an answer, the counts if asked for, <c>[DONE]</c>.</summary>
/// <param name="style">How the request wants its answers.</param>
/// <param name="generation">Is counted.</param>
/// <param name="options">What the stream carries beside the answer.</param>
internal sealed class ChatStreamFormat(ChatStyle style, Generation generation, StreamOptions? options) : IStreamFormat
{
    private readonly bool[] _hasCalls = new bool[generation.Sequences.Length];
    private readonly Dictionary<(int Sequence, int Call), CustomInput> _customs = [];

    /// <inheritdoc/>
    public void Begin(SseWriter writer)
    {
        for (int i = 0; i < _hasCalls.Length; i++)
            Send(writer, new ChatChunkChoice { Index = i, Delta = new ChatDelta { Role = "assistant", Content = "" } });
    }

    /// <inheritdoc/>
    public void Write(SseWriter writer, IReadOnlyList<SequenceEvent> events)
    {
        foreach (SequenceEvent item in events)
        {
            if (Choice(item) is { } choice)
                Send(writer, choice);
        }
    }

    /// <inheritdoc/>
    public ValueTask EndAsync(SseWriter writer)
    {
        if (options?.IncludeUsage == true)
            writer.Frame(WithUsage([], UsageMapper.Map([generation])), OpenAIJson.Context.ChatCompletionChunkWithUsage);
        writer.Done();
        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public void Fail(SseWriter writer, ApiError error) => writer.Frame(ErrorResponse.From(error), OpenAIJson.Context.ErrorResponse);

    private ChatChunkChoice? Choice(SequenceEvent item)
    {
        ChatDelta? delta = item.Event switch
        {
            GenerationEvent.Content content => new ChatDelta { Content = content.Text },
            GenerationEvent.Reasoning reasoning => Thought(reasoning.Text),
            GenerationEvent.ToolCallStarted call => Started(item.Index, call),
            GenerationEvent.ToolCallArguments arguments => Arguments(item.Index, arguments),
            GenerationEvent.ToolCallCompleted => Completed(item.Index),
            GenerationEvent.Finished => new ChatDelta(),
            _ => throw new UnreachableException(),
        };
        return delta is null ? null : new ChatChunkChoice
        {
            Index = item.Index,
            Delta = delta,
            Logprobs = style.Logprobs is { } logprobs && !item.Logprobs.IsEmpty ? new ChatLogprobs([.. logprobs.Map(item.Logprobs)]) : null,
            FinishReason = item.Event is GenerationEvent.Finished finished
                ? FinishReasons.Map(finished.Reason, _hasCalls[item.Index], style.Tools.IsNamed)
                : null,
        };
    }

    private ChatDelta? Thought(string text) => style.Reasoning == default ? null : new ChatDelta
    {
        ReasoningContent = style.Reasoning.Content ? text : null,
        Reasoning = style.Reasoning.Plain ? text : null,
    };

    /// <summary>Id, type and name come once; clients join what they get twice.</summary>
    private ChatDelta Started(int sequence, GenerationEvent.ToolCallStarted call)
    {
        bool isCustom = style.Tools.IsCustom(call.Name);
        if (isCustom)
            _customs[(sequence, call.Index)] = new CustomInput();
        return Call(new ToolCallDelta
        {
            Index = call.Index,
            Id = call.Id,
            Type = isCustom ? "custom" : "function",
            Function = isCustom ? null : new FunctionCallDelta { Name = call.Name, Arguments = "" },
            Custom = isCustom ? new CustomCallDelta { Name = call.Name, Input = "" } : null,
        });
    }

    /// <summary>Null where a piece of JSON adds nothing to a custom tool's text.</summary>
    private ChatDelta? Arguments(int sequence, GenerationEvent.ToolCallArguments arguments)
    {
        if (!_customs.TryGetValue((sequence, arguments.Index), out CustomInput? custom))
            return Call(new ToolCallDelta { Index = arguments.Index, Function = new FunctionCallDelta { Arguments = arguments.Json } });
        string text = custom.Add(arguments.Json);
        return text.Length == 0 ? null : Call(new ToolCallDelta { Index = arguments.Index, Custom = new CustomCallDelta { Input = text } });
    }

    /// <summary>Only a whole call lets the answer end with <c>tool_calls</c>; nothing is sent for it.</summary>
    private ChatDelta? Completed(int index)
    {
        _hasCalls[index] = true;
        return null;
    }

    private static ChatDelta Call(ToolCallDelta call) => new() { ToolCalls = [call] };

    private void Send(SseWriter writer, ChatChunkChoice choice)
    {
        if (options?.IncludeUsage == true)
        {
            writer.Frame(WithUsage([choice], options.ContinuousUsageStats == true ? UsageMapper.Map([generation]) : null), OpenAIJson.Context.ChatCompletionChunkWithUsage);
            return;
        }
        writer.Frame(
            new ChatCompletionChunk
            {
                Id = style.Head.Id,
                Created = style.Head.Created,
                Model = style.Head.Model,
                SystemFingerprint = style.Head.Fingerprint,
                ServiceTier = style.ServiceTier,
                Choices = [choice],
            },
            OpenAIJson.Context.ChatCompletionChunk);
    }

    private ChatCompletionChunkWithUsage WithUsage(ChatChunkChoice[] choices, Usage? counts) => new()
    {
        Id = style.Head.Id,
        Created = style.Head.Created,
        Model = style.Head.Model,
        SystemFingerprint = style.Head.Fingerprint,
        ServiceTier = style.ServiceTier,
        Choices = choices,
        Usage = counts,
    };
}
