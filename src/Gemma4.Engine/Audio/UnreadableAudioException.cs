namespace Gemma4.Engine.Audio;

/// <summary>What a file of audio is: damaged, truncated, or of a kind that is not read. Ends the sentence "the WAV file is …".</summary>
internal sealed class UnreadableAudioException(string what) : Exception(what);
