using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Makes a response of a generation's events: one item a thought, text or call, and the stream's events on the way.</summary>
/// <param name="start">The response before anything is generated.</param>
/// <param name="tools">The tools that may be called.</param>
/// <param name="logprobs">Maps log-probabilities; null when none were asked for.</param>
/// <param name="emit">Takes each stream event.</param>
internal sealed class ResponseAssembler(ResponseObject start, ToolPolicy tools, LogprobMapper? logprobs, Action<ResponseStreamEvent> emit)
{
    private readonly List<ResponseItem> _output = [];
    private readonly StringBuilder _text = new();
    private readonly List<TokenLogprobDto> _tokens = [];
    private readonly bool _summarizes = start.Reasoning.Summary is not null;
    private ResponseItem? _open;
    private CustomInput? _custom;
    private FinishReason _end = FinishReason.Stop;
    private int _sequenceNumber;

    private int Index => _output.Count;

    private bool IsCallOpen => _open?.CallId is not null;

    /// <summary>Says that the response has begun; one in the background waits before.</summary>
    public void Begin()
    {
        ResponseObject created = start.Background ? start with { Status = "queued" } : start;
        Emit(new ResponseStreamEvent { Type = "response.created", Response = created });
        if (start.Background)
            Emit(new ResponseStreamEvent { Type = "response.queued", Response = created });
        Emit(new ResponseStreamEvent { Type = "response.in_progress", Response = start });
    }

    /// <summary>Adds what was generated.</summary>
    public void Add(SequenceEvent item)
    {
        switch (item.Event)
        {
            case GenerationEvent.Content content:
                AddText(content.Text, item.Logprobs);
                break;
            case GenerationEvent.Reasoning reasoning:
                AddThought(reasoning.Text);
                break;
            case GenerationEvent.ToolCallStarted call:
                OpenCall(call);
                break;
            case GenerationEvent.ToolCallArguments arguments:
                AddArguments(arguments.Json);
                break;
            case GenerationEvent.ToolCallCompleted:
                Close("completed");
                break;
            case GenerationEvent.Finished finished:
                _end = finished.Reason;
                Close(_end == FinishReason.Length || IsCallOpen ? "incomplete" : "completed");
                break;
            default:
                throw new UnreachableException();
        }
    }

    /// <summary>The whole response, once all events were added; <see cref="End"/> tells it.</summary>
    public ResponseObject Finish(ResponseUsage usage, long now)
    {
        bool isComplete = _end != FinishReason.Length;
        return start with
        {
            Status = isComplete ? "completed" : "incomplete",
            CompletedAt = isComplete ? now : null,
            IncompleteDetails = isComplete ? null : new IncompleteDetails("max_output_tokens"),
            Output = [.. _output],
            Usage = usage,
        };
    }

    /// <summary>Tells the whole response as the stream's last event.</summary>
    public void End(ResponseObject response) => Emit(new ResponseStreamEvent { Type = $"response.{response.Status}", Response = response });

    /// <summary>Says that a client has cancelled the response. There is no event of that name, and a stream that ends without one looks broken.</summary>
    public void Cancel()
    {
        Close("incomplete");
        Emit(new ResponseStreamEvent { Type = "response.failed", Response = start with { Status = "cancelled", Output = [.. _output] } });
    }

    /// <summary>Says that the response failed.</summary>
    public void Fail(ApiError error) => Fail(ResponseFaults.Of(error));

    /// <summary>Says that the response failed.</summary>
    public void Fail(ResponseError error) => Emit(new ResponseStreamEvent
    {
        Type = "response.failed",
        Response = start with { Status = "failed", Output = [.. _output], Error = error },
    });

    private void AddText(string text, ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> tokens)
    {
        // Log-probabilities that come after their text have none of their own.
        if (text.Length == 0 && (tokens.IsEmpty || _open?.Type != "message"))
            return;
        OpenWithPart("message", ResponseItems.OutputText(""));
        TokenLogprobDto[] mapped = logprobs is null ? [] : [.. logprobs.Map(tokens)];
        _text.Append(text);
        _tokens.AddRange(mapped);
        Emit(Delta("response.output_text.delta", text) with { ContentIndex = 0, Logprobs = Json(mapped) });
    }

    private void AddThought(string text)
    {
        OpenWithPart("reasoning", Thought(""));
        _text.Append(text);
        Emit(_summarizes
            ? Delta("response.reasoning_summary_text.delta", text) with { SummaryIndex = 0 }
            : Delta("response.reasoning_text.delta", text) with { ContentIndex = 0 });
    }

    /// <summary>A thought is content, or a summary where one was asked for: clients show the one that they ask for.</summary>
    private ResponsePart Thought(string text) => new() { Type = _summarizes ? "summary_text" : "reasoning_text", Text = text };

    private void OpenWithPart(string type, ResponsePart empty)
    {
        if (_open?.Type == type)
            return;
        bool isSummary = type == "reasoning" && _summarizes;
        Open(type == "message"
            ? new ResponseItem { Type = type, Role = "assistant", Content = new ResponseContent { Parts = [] } }
            : new ResponseItem { Type = type, Summary = [], Content = isSummary ? null : new ResponseContent { Parts = [] } });
        Emit(isSummary
            ? OfItem("response.reasoning_summary_part.added") with { SummaryIndex = 0, Part = empty }
            : OfItem("response.content_part.added") with { ContentIndex = 0, Part = empty });
    }

    private void OpenCall(GenerationEvent.ToolCallStarted call)
    {
        _custom = tools.IsCustom(call.Name) ? new CustomInput() : null;
        Open(_custom is null
            ? new ResponseItem { Type = "function_call", CallId = call.Id, Name = call.Name, Arguments = "" }
            : new ResponseItem { Type = "custom_tool_call", CallId = call.Id, Name = call.Name, Input = "" });
    }

    private void AddArguments(string json)
    {
        string text = _custom is null ? json : _custom.Add(json);
        if (text.Length == 0)
            return;
        _text.Append(text);
        Emit(Delta(_custom is null ? "response.function_call_arguments.delta" : "response.custom_tool_call_input.delta", text));
    }

    private void Open(ResponseItem item)
    {
        // A call that is still open here was never completed.
        Close(IsCallOpen ? "incomplete" : "completed");
        _open = item with { Id = ResponseItems.NewId(item.Type!), Status = "in_progress" };
        Emit(new ResponseStreamEvent { Type = "response.output_item.added", OutputIndex = Index, Item = _open });
    }

    private void Close(string status)
    {
        if (_open is null)
            return;
        string text = _text.ToString();
        _open = _open.Type switch
        {
            "function_call" => CloseCall(text),
            "custom_tool_call" => CloseCustomCall(text),
            "message" => CloseText("response.output_text.done", ResponseItems.OutputText(text, Json([.. _tokens]))),
            _ when _summarizes => CloseSummary(Thought(text)),
            _ => CloseText("response.reasoning_text.done", Thought(text)),
        } with
        { Status = status };
        Emit(new ResponseStreamEvent { Type = "response.output_item.done", OutputIndex = Index, Item = _open });
        _output.Add(_open);
        _open = null;
        _text.Clear();
        _tokens.Clear();
    }

    private ResponseItem CloseCall(string arguments)
    {
        Emit(OfItem("response.function_call_arguments.done") with { Name = _open!.Name, Arguments = arguments });
        return _open with { Arguments = arguments };
    }

    private ResponseItem CloseCustomCall(string input)
    {
        Emit(OfItem("response.custom_tool_call_input.done") with { Input = input });
        return _open! with { Input = input };
    }

    private ResponseItem CloseSummary(ResponsePart part)
    {
        Emit(OfItem("response.reasoning_summary_text.done") with { SummaryIndex = 0, Text = part.Text });
        Emit(OfItem("response.reasoning_summary_part.done") with { SummaryIndex = 0, Part = part });
        return _open! with { Summary = [part] };
    }

    private ResponseItem CloseText(string type, ResponsePart part)
    {
        Emit(OfItem(type) with { ContentIndex = 0, Text = part.Text, Logprobs = part.Logprobs });
        Emit(OfItem("response.content_part.done") with { ContentIndex = 0, Part = part });
        return _open! with { Content = new ResponseContent { Parts = [part] } };
    }

    private ResponseStreamEvent Delta(string type, string delta) => OfItem(type) with { Delta = delta };

    private ResponseStreamEvent OfItem(string type) => new() { Type = type, ItemId = _open!.Id, OutputIndex = Index };

    private void Emit(ResponseStreamEvent streamEvent) => emit(streamEvent with { SequenceNumber = _sequenceNumber++ });

    private static JsonElement Json(TokenLogprobDto[] tokens) => tokens.Length == 0
        ? ResponseItems.Nothing
        : JsonSerializer.SerializeToElement(tokens, OpenAIJson.Context.TokenLogprobDtoArray);
}
