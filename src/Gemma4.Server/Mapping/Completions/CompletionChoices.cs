using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Completions;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>Events of a text completion to pieces of its choices: the frames of a stream, or what a whole answer is joined of.</summary>
internal sealed class CompletionChoices
{
    private readonly CompletionRequest _request;
    private readonly Tokenizer _tokenizer;
    private readonly CombinedGeneration _generation;
    private readonly TextLogprobMapper?[] _logprobs;
    private readonly bool[] _begun;

    public CompletionChoices(CompletionRequest request, CombinedGeneration generation, Tokenizer tokenizer)
    {
        (_request, _tokenizer, _generation) = (request, tokenizer, generation);
        Count = generation.Parts.Sum(p => p.Sequences.Length);
        _begun = new bool[Count];
        _logprobs = [.. Enumerable.Range(0, Count).Select(_ => request.Logprobs is int top ? new TextLogprobMapper(tokenizer, top) : null)];
    }

    /// <summary>How many answers there are.</summary>
    public int Count { get; }

    /// <summary>Only the prompt is wanted back: the one token that the engine makes is not part of the answer.</summary>
    public bool IsEchoOnly => _request.MaxTokens == 0;

    /// <summary>The pieces that an event gives.</summary>
    public IEnumerable<TextChoice> Map(SequenceEvent item)
    {
        if (!_begun[item.Index])
        {
            _begun[item.Index] = true;
            if (_request.Echo == true)
                yield return Echo(item.Index);
        }
        if (IsEchoOnly)
            yield break;
        string? text = (item.Event as GenerationEvent.Content)?.Text;
        string? reason = item.Event is GenerationEvent.Finished finished ? FinishReasons.Map(finished.Reason, false, false) : null;
        if (text is null && reason is null)
            yield break;
        yield return new TextChoice
        {
            Index = item.Index,
            Text = text ?? "",
            FinishReason = reason,
            Logprobs = item.Logprobs.IsEmpty ? null : _logprobs[item.Index]?.Map(item.Logprobs.Select(t => (t.TokenId, t.Logprobs))),
        };
    }

    private TextChoice Echo(int index)
    {
        int perPrompt = _generation.Parts[0].Sequences.Length;
        int prompt = index / perPrompt;
        Generation part = _generation.Parts[prompt];
        return new TextChoice
        {
            Index = index,
            Text = PromptText(prompt, part),
            Logprobs = _logprobs[index]?.MapPrompt(part.Request.PromptTokenIds, part.PromptLogprobs),
            FinishReason = IsEchoOnly ? "length" : null,
        };
    }

    private string PromptText(int prompt, Generation part) =>
        _request.Prompt.Items[Math.Min(prompt, _request.Prompt.Items.Length - 1)].Text
        ?? _tokenizer.Decode(part.Request.PromptTokenIds.AsSpan(), skipSpecialTokens: true);
}
