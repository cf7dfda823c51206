using Gemma4.Server.OpenAI.Audio;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Audio;

/// <summary>Token counts of all windows of a transcription.</summary>
internal static class TranscriptionUsages
{
    public static TranscriptionUsage Of(IReadOnlyList<Generation> windows)
    {
        TokenUsage usage = TokenUsage.Of(windows);
        int audio = usage.Audios.Sum();
        return new TranscriptionUsage(usage.Prompt, new TranscriptionInput(usage.Prompt - audio, audio), usage.Output, usage.Prompt + usage.Output);
    }
}
