using System.Collections.Immutable;
using Gemma4.Engine.Chat;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Media;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>Anthropic's messages to the template's: results of tools become messages of their own, system messages stay where they are.</summary>
internal sealed class MessageConversation
{
    private readonly List<ChatMessage> _messages = [];
    private readonly List<ChatMessage> _behindResults = [];
    private readonly List<MediaSource> _media = [];
    private readonly HashSet<string> _open = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    /// <summary>The media of the messages, numbered as their parts are.</summary>
    public IReadOnlyList<MediaSource> Media => _media;

    /// <exception cref="ApiException">A block that does not belong there, or a call without its result.</exception>
    public IReadOnlyList<ChatMessage> Map(BlockContent? system, MessageTurn[] turns)
    {
        if (system is not null)
            AddSystem(system.AsBlocks, "system");
        for (int i = 0; i < turns.Length; i++)
        {
            ContentBlock[] blocks = turns[i].Content.AsBlocks;
            string path = $"messages[{i}].content";
            switch (turns[i].Role)
            {
                case "assistant":
                    AddAssistant(blocks, path);
                    break;
                case "user":
                    AddUser(blocks, path);
                    break;
                default:
                    AddSystem(blocks, path);
                    break;
            }
        }
        if (_open.Count > 0)
            throw Unanswered();
        if (_messages.Count == 0)
            throw Fault.Of("The messages are empty: at least one must have content.", "messages", "invalid_value");
        return _messages;
    }

    /// <summary>Between a call and its result the template has no room for it: there it comes behind the result.</summary>
    private void AddSystem(ContentBlock[] blocks, string path)
    {
        if (SystemText.Of(blocks, path) is { Length: > 0 } text)
            (_open.Count > 0 ? _behindResults : _messages).Add(new ChatMessage { Role = "system", Content = text });
    }

    private void AddAssistant(ContentBlock[] blocks, string path)
    {
        if (_open.Count > 0)
            throw Unanswered();
        var calls = ImmutableArray.CreateBuilder<ChatToolCall>();
        string text = "";
        string? thought = null;
        for (int i = 0; i < blocks.Length; i++)
        {
            ContentBlock block = blocks[i];
            string at = $"{path}[{i}]";
            switch (block.Type)
            {
                case "text":
                    text += Require(block.Text, $"{at}.text");
                    break;
                case "thinking":
                    thought += Require(block.Thinking, $"{at}.thinking");
                    break;
                case "redacted_thinking":
                    break;
                case "tool_use":
                    calls.Add(Call(block, at));
                    break;
                default:
                    throw Fault.Value($"{at}.type", block.Type, ["text", "thinking", "redacted_thinking", "tool_use"]);
            }
        }
        _messages.Add(new ChatMessage
        {
            Role = "assistant",
            Content = text.Length == 0 && calls.Count > 0 ? null : text,
            Reasoning = thought,
            ToolCalls = calls.ToImmutable(),
        });
    }

    private ChatToolCall Call(ContentBlock block, string path)
    {
        string id = Require(block.Id, $"{path}.id");
        string name = Require(block.Name, $"{path}.name");
        string arguments = (block.Input ?? throw Fault.Missing($"{path}.input")).GetRawText();
        _open.Add(id);
        _known.Add(id);
        return new ChatToolCall(id, name, arguments);
    }

    private void AddUser(ContentBlock[] blocks, string path)
    {
        var parts = ImmutableArray.CreateBuilder<ContentPart>();
        for (int i = 0; i < blocks.Length; i++)
        {
            string at = $"{path}[{i}]";
            if (blocks[i].Type == "tool_result")
                AddResult(blocks[i], at);
            else
                parts.Add(Part(blocks[i], at));
        }
        if (_open.Count > 0)
            throw Unanswered();
        _messages.AddRange(_behindResults);
        _behindResults.Clear();
        if (parts.Count > 0)
            _messages.Add(Message("user", parts.ToImmutable()));
    }

    private void AddResult(ContentBlock block, string path)
    {
        string id = Require(block.ToolUseId, $"{path}.tool_use_id");
        if (!_known.Contains(id))
            throw Fault.Of($"unexpected `tool_use_id` found in `tool_result` blocks: {id}. Each `tool_result` block must have a corresponding `tool_use` block in a previous message.", path);
        _open.Remove(id);
        ResultBlock[] blocks = block.Content?.Blocks ?? [];
        ImmutableArray<ContentPart> parts = [.. blocks.Select((b, i) => Part(b, $"{path}.content[{i}]"))];
        if (block.IsError == true)
            parts = [new ContentPart.Text("Error: "), .. parts];
        _messages.Add(Message("tool", parts) with { ToolCallId = id });
    }

    private static ChatMessage Message(string role, ImmutableArray<ContentPart> parts) => parts.All(p => p is ContentPart.Text)
        ? new ChatMessage { Role = role, Content = string.Concat(parts.Cast<ContentPart.Text>().Select(t => t.Value)) }
        : new ChatMessage { Role = role, Parts = parts };

    private ContentPart Part(IInputBlock block, string path)
    {
        switch (block.Type)
        {
            case "text":
                return new ContentPart.Text(Require(block.Text, $"{path}.text"));
            case "image":
                string at = $"{path}.source";
                return Add(MediaKind.Image, new MediaSource.Image(Url(block.Source ?? throw Fault.Missing(at), at), null, block.MaxSoftTokens, at));
            case "document":
                return new ContentPart.Text(DocumentText.Of(block, path));
            case "video_url" or "video":
                MediaMapper.CheckVideo(block, path);
                return Add(MediaKind.Video, MediaMapper.Video(block, path));
            default:
                throw Fault.Value($"{path}.type", block.Type, ["text", "image", "document", .. MediaMapper.VideoTypes, "tool_result"]);
        }
    }

    private ContentPart.Media Add(MediaKind kind, MediaSource source)
    {
        _media.Add(source);
        return new ContentPart.Media(kind, _media.Count - 1);
    }

    private static string Url(BlockSource source, string path) => source.Type switch
    {
        "url" => Require(source.Url, $"{path}.url"),
        "base64" => $"data:{Require(source.MediaType, $"{path}.media_type")};base64,{Require(source.Data, $"{path}.data")}",
        _ => throw Fault.Value($"{path}.type", source.Type, ["base64", "url"]),
    };

    private static string Require(string? field, string path) => field ?? throw Fault.Missing(path);

    private ApiException Unanswered() => Fault.Of(
        $"`tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", _open)}. "
        + "Each `tool_use` block must have a corresponding `tool_result` block in the next message.", "messages");
}
