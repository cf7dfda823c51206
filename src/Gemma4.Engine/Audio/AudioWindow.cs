using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Audio;

/// <summary>A piece of at most 30 s of an audio clip; it becomes a <see cref="MediaItem.Audio"/> once its place in the prompt is known.</summary>
/// <param name="Start">Where it begins in the audio.</param>
/// <param name="Duration">How long it is.</param>
/// <param name="NumSoftTokens">Placeholders it takes in the prompt, M.</param>
/// <param name="ContentHash">Of its samples at 16 kHz.</param>
/// <param name="LogMel">Log-mel frames, <c>[frames, 128]</c> row-major.</param>
public sealed record AudioWindow(TimeSpan Start, TimeSpan Duration, int NumSoftTokens, UInt128 ContentHash, ReadOnlyMemory<float> LogMel)
{
    /// <summary>The engine's item, its placeholders beginning at prompt index <paramref name="firstToken"/>.</summary>
    public MediaItem.Audio At(int firstToken) => new(firstToken, NumSoftTokens, ContentHash, LogMel);
}
