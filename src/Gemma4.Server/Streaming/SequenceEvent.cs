using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Streaming;

/// <summary>An event of one of a generation's sequences, in which pieces of one kind that followed each other are one.</summary>
/// <param name="Index">Which sequence, from 0.</param>
/// <param name="Event">What happened; never <see cref="GenerationEvent.Logprobs"/>.</param>
/// <param name="Logprobs">Of the tokens of this text; empty when there are none.</param>
internal readonly record struct SequenceEvent(
    int Index, GenerationEvent Event, ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> Logprobs);
