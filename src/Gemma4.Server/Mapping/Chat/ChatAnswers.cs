using System.Text;
using Gemma4.Engine.Requests;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Chat;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Chat;

/// <summary>Gathers a generation's events into whole answers.</summary>
internal sealed class ChatAnswers(ChatStyle style)
{
    private readonly SortedDictionary<int, Answer> _answers = [];

    /// <summary>One entry a sequence, by index; complete once every sequence has finished.</summary>
    public IEnumerable<Answer> All => _answers.Values;

    /// <summary>Reads the generation to its end.</summary>
    public Task GatherAsync(IGeneration generation, CancellationToken cancellationToken) =>
        GenerationReader.ReadToEndAsync(generation, Add, cancellationToken);

    /// <summary>The whole answer of <c>/v1/chat/completions</c>.</summary>
    /// <param name="generation">Read to its end.</param>
    /// <param name="withTokens">Give the token ids of prompt and answers too.</param>
    public ChatCompletion ToCompletion(Generation generation, bool withTokens) => new()
    {
        Id = style.Head.Id,
        Created = style.Head.Created,
        Model = style.Head.Model,
        SystemFingerprint = style.Head.Fingerprint,
        ServiceTier = style.ServiceTier,
        Usage = UsageMapper.Map([generation]),
        Choices = [.. All.Select(a => Choice(a) with { TokenIds = withTokens ? generation.Sequences[a.Index].TokenIds : null })],
        PromptTokenIds = withTokens ? generation.Request.PromptTokenIds : null,
    };

    private ChatChoice Choice(Answer answer)
    {
        string? thought = answer.Reasoning.Length == 0 ? null : answer.Reasoning.ToString();
        return new ChatChoice
        {
            Index = answer.Index,
            FinishReason = answer.FinishReason,
            Logprobs = style.Logprobs is null ? null : new ChatLogprobs([.. answer.Logprobs]),
            Message = new AssistantMessage
            {
                Content = answer.Text,
                ToolCalls = answer.ToolCalls,
                ReasoningContent = style.Reasoning.Content ? thought : null,
                Reasoning = style.Reasoning.Plain ? thought : null,
            },
        };
    }

    /// <summary>Adds what was generated.</summary>
    public void Add(SequenceEvent item)
    {
        if (!_answers.TryGetValue(item.Index, out Answer? answer))
            _answers[item.Index] = answer = new Answer(item.Index);
        if (style.Logprobs is { } logprobs)
            answer.Logprobs.AddRange(logprobs.Map(item.Logprobs));
        switch (item.Event)
        {
            case GenerationEvent.Content content:
                answer.Content.Append(content.Text);
                break;
            case GenerationEvent.Reasoning reasoning:
                answer.Reasoning.Append(reasoning.Text);
                break;
            case GenerationEvent.ToolCallStarted call:
                answer.Calls.Add(new Call(call.Id, call.Name, style.Tools.IsCustom(call.Name) ? new CustomInput() : null));
                break;
            case GenerationEvent.ToolCallArguments arguments:
                answer.Calls[arguments.Index].Add(arguments.Json);
                break;
            case GenerationEvent.Finished finished:
                answer.FinishReason = FinishReasons.Map(finished.Reason, answer.Calls.Count > 0, style.Tools.IsNamed);
                break;
        }
    }

    /// <summary>One answer as it grows.</summary>
    internal sealed class Answer(int index)
    {
        public int Index { get; } = index;

        public StringBuilder Content { get; } = new();

        public StringBuilder Reasoning { get; } = new();

        public List<Call> Calls { get; } = [];

        public List<TokenLogprobDto> Logprobs { get; } = [];

        public string FinishReason { get; set; } = "stop";

        /// <summary>The text; null when there are calls and nothing else.</summary>
        public string? Text => Content.Length == 0 && Calls.Count > 0 ? null : Content.ToString();

        /// <summary>The calls, null when there are none.</summary>
        public ToolCallDto[]? ToolCalls => Calls.Count == 0 ? null : [.. Calls.Select(c => c.ToDto())];
    }

    /// <summary>One call as it grows.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="name">The tool's name.</param>
    /// <param name="custom">Reads the text of a custom tool; null for a function.</param>
    internal sealed class Call(string id, string name, CustomInput? custom)
    {
        private readonly StringBuilder _text = new();

        public void Add(string json) => _text.Append(custom is null ? json : custom.Add(json));

        public ToolCallDto ToDto() => custom is null
            ? new ToolCallDto { Id = id, Function = new FunctionCallDto { Name = name, Arguments = _text.ToString() } }
            : new ToolCallDto { Id = id, Type = "custom", Custom = new CustomCallDto { Name = name, Input = _text.ToString() } };
    }
}
