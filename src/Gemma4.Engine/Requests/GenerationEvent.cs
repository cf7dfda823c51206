using System.Collections.Immutable;

namespace Gemma4.Engine.Requests;

/// <summary>What the output parser makes of one sequence's tokens, in order; the same events however the tokens were cut.</summary>
public abstract record GenerationEvent
{
    private GenerationEvent()
    {
    }

    /// <summary>Text of the answer.</summary>
    /// <param name="Text">Whole characters, never half of one.</param>
    public sealed record Content(string Text) : GenerationEvent;

    /// <summary>Text of a thought.</summary>
    /// <param name="Text">Whole characters.</param>
    public sealed record Reasoning(string Text) : GenerationEvent;

    /// <summary>A tool call begins. Its arguments follow as <see cref="ToolCallArguments"/> of the same index.</summary>
    /// <param name="Index">0, 1, 2, … in order of the calls.</param>
    /// <param name="Id">Unique id, <c>call_…</c>; given once.</param>
    /// <param name="Name">The declared function's name.</param>
    public sealed record ToolCallStarted(int Index, string Id, string Name) : GenerationEvent;

    /// <summary>More of a call's arguments; the pieces joined are one JSON object.</summary>
    /// <param name="Index">The call's index.</param>
    /// <param name="Json">The next piece of JSON text.</param>
    public sealed record ToolCallArguments(int Index, string Json) : GenerationEvent;

    /// <summary>A call is whole: the pieces of its arguments are a JSON object. A call without this event was cut off, or turned out to
    /// be malformed after its first pieces had gone out.</summary>
    /// <param name="Index">The call's index.</param>
    public sealed record ToolCallCompleted(int Index) : GenerationEvent;

    /// <summary>Log-probabilities of content tokens since the last such event, when asked for; follows the <see cref="Content"/>
    /// that their text begins in.</summary>
    /// <param name="Tokens">One entry a token.</param>
    public sealed record Logprobs(ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> Tokens) : GenerationEvent;

    /// <summary>The sequence ended; the last event.</summary>
    /// <param name="Reason">Why, as the engine saw it; a stop string counts as <see cref="FinishReason.Stop"/>.</param>
    /// <param name="StopString">The stop string that matched, if one did.</param>
    /// <param name="Error">What to tell the caller when <paramref name="Reason"/> is <see cref="FinishReason.Error"/>.</param>
    /// <param name="Rejection">Set beside <paramref name="Error"/> where the request is at fault, not the engine.</param>
    public sealed record Finished(
        FinishReason Reason, string? StopString = null, string? Error = null, RequestRejectedException? Rejection = null) : GenerationEvent;
}
