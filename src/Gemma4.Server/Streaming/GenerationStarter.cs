using System.Collections.Immutable;
using Gemma4.Engine;
using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Limits;
using Gemma4.Server.Metrics;
using Gemma4.Server.Serving;

namespace Gemma4.Server.Streaming;

/// <summary>Hands requests to the engine and reads what comes back. Admission is awaited, so a refusal is still a status.</summary>
internal sealed class GenerationStarter(
    ParserMetrics parsed, GenerationMetrics measured, ModelNames names, RequestTokens counted, Allowance allowance, TimeProvider time, ILogger<GenerationStarter> log)
{
    /// <param name="model">Serves it.</param>
    /// <param name="request">What is asked for.</param>
    /// <param name="parsing">How each sequence's answer is read.</param>
    /// <param name="maxOutput">Tokens that each answer was asked to have at most, which count against the key's limit from the start; null where the
    /// request did not say.</param>
    /// <param name="cancellationToken">Gives up the submission.</param>
    /// <returns>The running request; the caller disposes it.</returns>
    /// <exception cref="Errors.ApiException">429: the key's limit does not allow the tokens now.</exception>
    public async Task<Generation> StartAsync(
        LoadedModel model, GenerationRequest request, ParserOptions parsing, int? maxOutput, CancellationToken cancellationToken)
    {
        ImmutableArray<SequenceProgress> sequences =
        [
            .. Enumerable.Range(0, request.NumSequences).Select(_ => new SequenceProgress(
                new OutputParser(model.Tokenizer, parsing), Counter(model.Tokenizer, request.PromptTokenIds, parsing.IsChat))),
        ];
        RequestLabels labels = counted.Labels
            ?? throw new InvalidOperationException($"An endpoint that generates is mapped without {nameof(GeneratesAttribute)}.");
        long began = counted.NextBegins();
        allowance.Take(request.PromptTokenIds.Length + ((long)(maxOutput ?? 0) * request.NumSequences));
        request = request with { Priority = allowance.PriorityOf(request.Priority), IsBatch = allowance.IsBatch };
        GenerationStream stream = await model.Engine.SubmitAsync(request, cancellationToken);
        var generation = new Generation(
            stream, request, sequences, time, ended => ended.Report(request.Id, log, parsed),
            (ended, outcome) =>
            {
                // Nobody waits for a batch: how long it takes says nothing of what callers meet.
                if (!request.IsBatch)
                    measured.RecordEnd(labels, names.Primary, outcome, ended.Times(began));
            });
        counted.Add(generation);
        allowance.Count(() => (request.PromptTokenIds.Length, generation.NumOutputTokens));
        return generation;
    }

    private static ReasoningCounter Counter(Tokenizer tokenizer, ImmutableArray<int> prompt, bool isChat)
    {
        (int? start, int? end) = (tokenizer.Special.ChannelStart, tokenizer.Special.ChannelEnd);
        if (!isChat || start is null)
            return new ReasoningCounter(null, null, false);
        return new ReasoningCounter(start, end, prompt.LastIndexOf(start.Value) > prompt.LastIndexOf(end ?? -1));
    }
}
