using System.Collections.Immutable;

namespace Gemma4.Engine.Chat;

/// <summary>A prompt as token ids.</summary>
/// <param name="TokenIds">The ids, soft-token placeholders included.</param>
/// <param name="SoftTokens">Where the soft tokens of each medium (or frame, or window) stand, in the order of the prompt.</param>
/// <param name="Tail">How the prompt ends.</param>
public sealed record TokenizedPrompt(ImmutableArray<int> TokenIds, ImmutableArray<SoftTokenRange> SoftTokens, PromptTail Tail);

/// <summary>Where the soft tokens of a medium stand.</summary>
/// <param name="SlotIndex">Which of <see cref="RenderedPrompt.MediaSlots"/>.</param>
/// <param name="PieceIndex">Which frame of a video or window of an audio clip; 0 for an image.</param>
/// <param name="FirstToken">Index of the first placeholder among the ids.</param>
/// <param name="NumSoftTokens">Number of placeholders.</param>
public readonly record struct SoftTokenRange(int SlotIndex, int PieceIndex, int FirstToken, int NumSoftTokens);
