using System.Collections.Immutable;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Serving;
using Gemma4.Server.Storage;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>A response whose generation the engine has accepted.</summary>
/// <param name="Generation">Runs; whoever reads it disposes it.</param>
/// <param name="Start">The response before anything is generated.</param>
internal sealed record ResponseRun(Generation Generation, ResponseObject Start)
{
    /// <summary>The tools that may be called.</summary>
    public required ToolPolicy Tools { get; init; }

    /// <summary>Maps log-probabilities; null when none were asked for.</summary>
    public required LogprobMapper? Logprobs { get; init; }

    /// <summary>The request's own items.</summary>
    public required ImmutableArray<ResponseItem> Input { get; init; }

    /// <summary>The items before those.</summary>
    public required EarlierItems Earlier { get; init; }

    /// <summary>Tells the time of the end.</summary>
    public required ServerClock Clock { get; init; }

    /// <summary>Makes the response of the generation's events.</summary>
    public ResponseAssembler Assembler(Action<ResponseStreamEvent> emit) => new(Start, Tools, Logprobs, emit);

    /// <summary>The whole response, once all events were added.</summary>
    public ResponseObject Finish(ResponseAssembler assembler) => assembler.Finish(ResponseUsages.Of(Generation), Clock.Now);

    /// <summary>What is kept of it.</summary>
    public StoredResponse Stored(ResponseObject response) => new(response, Input, Earlier);
}
