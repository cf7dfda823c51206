using Gemma4.Server.Errors;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>What messages must be beyond their shape: who may say what, and calls that are answered.</summary>
internal static class MessageRules
{
    public static void Check(ChatMessageDto[] messages)
    {
        for (int i = 0; i < messages.Length; i++)
            CheckContent(messages[i], i);
        CheckCalls(messages);
    }

    private static void CheckContent(ChatMessageDto message, int index)
    {
        if (IsEmptyAnswer(message))
            return;
        if (message.Content is null or { Text: null, Parts: null })
            throw Fault.Of("Invalid value for 'content': expected a string, got null.", $"messages.[{index}].content");
        if (message.Content?.Parts is not { } parts)
            return;
        if (parts.Length == 0)
            throw Fault.EmptyArray($"messages[{index}].content");
        for (int i = 0; i < parts.Length; i++)
            CheckPart(parts[i], message.Role, $"messages[{index}].content[{i}]");
    }

    /// <summary>Calls, a refusal or a thought stand alone; and servers answer <c>null</c> or nothing where the limit ended the thought.</summary>
    private static bool IsEmptyAnswer(ChatMessageDto message) => message.Role == "assistant" && (message.Content is null
        ? message.ToolCalls is { Length: > 0 } || message.FunctionCall is not null || (message.Refusal ?? message.ReasoningContent ?? message.Reasoning) is not null
        : message.Content is { Text: null, Parts: null or [] });

    private static void CheckPart(ContentPart part, string role, string path)
    {
        string[] supported = role switch
        {
            "user" => ["text", "image_url", "input_audio", .. MediaMapper.VideoTypes, "audio_url"],
            "assistant" => ["text", "refusal"],
            "tool" => ["text", "image_url", "input_audio", .. MediaMapper.VideoTypes, "audio_url"],
            _ => ["text"],
        };
        if (part.Type == "file")
            throw Fault.UnsupportedValue($"{path}.type", "Unsupported value: 'file'. Files may stand in messages of role 'user' and 'tool' of chat completions.");
        if (!supported.Contains(part.Type))
            throw Fault.Value($"{path}.type", part.Type, supported);
        if (MediaMapper.VideoTypes.Contains(part.Type))
        {
            MediaMapper.CheckVideo(part, path);
            return;
        }
        bool isThere = part.Type switch
        {
            "text" => part.Text is not null,
            "refusal" => part.Refusal is not null,
            "image_url" => part.ImageUrl is not null,
            "input_audio" => part.InputAudio is not null,
            _ => part.AudioUrl is not null,
        };
        if (!isThere)
            throw Fault.Missing($"{path}.{part.Type}");
    }

    /// <summary>Tool messages answer calls of the assistant message before them, and every call is answered.</summary>
    private static void CheckCalls(ChatMessageDto[] messages)
    {
        var open = new HashSet<string>(StringComparer.Ordinal);
        var known = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < messages.Length; i++)
        {
            ChatMessageDto message = messages[i];
            if (message.Role == "tool")
            {
                Answer(message, i, open, known);
                continue;
            }
            if (open.Count > 0)
                throw Unanswered(open, i);
            known.Clear();
            ToolCallDto[] calls = message.Role == "assistant" ? message.ToolCalls ?? [] : [];
            for (int c = 0; c < calls.Length; c++)
            {
                if (calls[c] is { Type: "function", Function: null } or { Type: "custom", Custom: null })
                    throw Fault.Missing($"messages[{i}].tool_calls[{c}].{calls[c].Type}");
                open.Add(calls[c].Id);
                known.Add(calls[c].Id);
            }
        }
        if (open.Count > 0)
            throw Unanswered(open, messages.Length - 1);
    }

    private static void Answer(ChatMessageDto message, int index, HashSet<string> open, HashSet<string> known)
    {
        if (message.ToolCallId is null)
            throw Fault.Missing($"messages[{index}].tool_call_id");
        if (known.Count == 0)
            throw Fault.Of("Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", $"messages.[{index}].role");
        if (!known.Contains(message.ToolCallId))
            throw Fault.Of($"Invalid parameter: 'tool_call_id' of '{message.ToolCallId}' not found in 'tool_calls' of previous message.", $"messages.[{index}].tool_call_id");
        open.Remove(message.ToolCallId);
    }

    private static ApiException Unanswered(HashSet<string> open, int index) => Fault.Of(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        + $"The following tool_call_ids did not have response messages: {string.Join(", ", open)}", $"messages.[{index}].role");
}
