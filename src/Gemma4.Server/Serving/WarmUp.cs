using System.Collections.Immutable;
using Gemma4.Engine;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Serving;

/// <summary>A first answer of one token before the model counts as loaded: what is made at a first use is made then, and a model that cannot
/// compute is not called ready.</summary>
internal static class WarmUp
{
    /// <summary>Has one token generated.</summary>
    /// <param name="engine">New.</param>
    /// <param name="prompt">Tokens of a prompt, at least one.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="InvalidDataException">The step failed.</exception>
    public static async Task RunAsync(IGenerationEngine engine, ImmutableArray<int> prompt, CancellationToken cancellationToken)
    {
        var request = new GenerationRequest { Id = "warm-up", PromptTokenIds = prompt, Sampling = new SamplingParams { Temperature = 0 }, MaxTokens = 1 };
        await using GenerationStream stream = await engine.SubmitAsync(request, cancellationToken);
        await foreach (TokenEvent e in stream.ReadAllAsync(cancellationToken))
        {
            if (e.FinishReason is FinishReason.Error or FinishReason.Aborted)
                throw new InvalidDataException($"The model's first step failed: {e.Error ?? "it was aborted"} The lines above say why.");
        }
    }
}
