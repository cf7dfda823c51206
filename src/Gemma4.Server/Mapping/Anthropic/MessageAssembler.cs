using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>Makes a message of a generation's events: one block a thought, text or call, and the stream's events on the way.</summary>
/// <param name="emit">Takes each stream event.</param>
internal sealed class MessageAssembler(Action<MessageEvent> emit)
{
    private static readonly JsonElement NoInput = JsonElement.Parse("{}");

    private readonly List<ContentBlock> _blocks = [];
    private readonly StringBuilder _text = new();
    private ContentBlock? _open;
    private int _numOpened;
    private bool _hasCalls;

    /// <summary>The closed blocks. A call that was never completed is not among them: its input is no JSON.</summary>
    public ContentBlock[] Blocks => [.. _blocks];

    /// <summary>Why the message ended; null before.</summary>
    public MessageEnd? End { get; private set; }

    /// <summary>Adds what was generated.</summary>
    public void Add(SequenceEvent item)
    {
        switch (item.Event)
        {
            case GenerationEvent.Content { Text.Length: 0 }:
                break;
            case GenerationEvent.Content content:
                Append(new ContentBlock { Type = "text", Text = "" }, content.Text, new BlockDelta { Type = "text_delta", Text = content.Text });
                break;
            case GenerationEvent.Reasoning thought:
                Append(
                    new ContentBlock { Type = "thinking", Thinking = "", Signature = "" },
                    thought.Text,
                    new BlockDelta { Type = "thinking_delta", Thinking = thought.Text });
                break;
            case GenerationEvent.ToolCallStarted call:
                Open(new ContentBlock { Type = "tool_use", Id = IdOf(call), Name = call.Name, Input = NoInput });
                break;
            case GenerationEvent.ToolCallArguments arguments:
                Append(_open!, arguments.Json, new BlockDelta { Type = "input_json_delta", PartialJson = arguments.Json });
                break;
            case GenerationEvent.ToolCallCompleted:
                _hasCalls = true;
                Close(isWhole: true);
                break;
            case GenerationEvent.Finished finished:
                Close(isWhole: false);
                End = new MessageEnd(ReasonOf(finished), finished.StopString);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private void Append(ContentBlock block, string text, BlockDelta delta)
    {
        if (_open?.Type != block.Type)
            Open(block);
        _text.Append(text);
        Emit(delta);
    }

    private void Open(ContentBlock block)
    {
        Close(isWhole: false);
        _open = block;
        emit(new MessageEvent { Type = "content_block_start", Index = _numOpened, ContentBlock = block });
    }

    private void Close(bool isWhole)
    {
        if (_open is null)
            return;
        string text = _text.ToString();
        if (_open.Type == "thinking")
            Emit(new BlockDelta { Type = "signature_delta", Signature = Signature(text) });
        emit(new MessageEvent { Type = "content_block_stop", Index = _numOpened++ });
        if (_open.Type == "text")
            _blocks.Add(_open with { Text = text });
        else if (_open.Type == "thinking")
            _blocks.Add(_open with { Thinking = text, Signature = Signature(text) });
        else if (isWhole)
            _blocks.Add(_open with { Input = JsonElement.Parse(text) });
        _open = null;
        _text.Clear();
    }

    private void Emit(BlockDelta delta) => emit(new MessageEvent { Type = "content_block_delta", Index = _numOpened, Delta = delta });

    private string ReasonOf(GenerationEvent.Finished finished) => finished switch
    {
        { StopString: not null } => "stop_sequence",
        { Reason: FinishReason.Length } => "max_tokens",
        _ => _hasCalls ? "tool_use" : "end_turn",
    };

    /// <summary>Clients expect a signature and give it back; nothing here needs it, so it only names the thought.</summary>
    private static string Signature(string thought) => Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(thought)));

    private static string IdOf(GenerationEvent.ToolCallStarted call) => "toolu_" + call.Id[(call.Id.IndexOf('_') + 1)..];
}
