namespace Gemma4.Engine.Tests.Audio;

/// <summary>A small valid sound of each kind, to cut and to mutate.</summary>
internal static class ValidSounds
{
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["wav"] = TestSounds.Wav16(TestSounds.Tone(400, 22_050, 0.1), 1, 22_050),
        ["wav-float"] = TestSounds.Wav(3, 1, 16_000, 32, [.. TestSounds.Tone(400, 16_000, 0.1).SelectMany(BitConverter.GetBytes)], extensible: true),
        ["flac"] = TestFlac.Encode([[.. TestSounds.Tone(400, 16_000, 0.1).Select(s => (long)(s * 32767))]], 16, 16_000, TestFlac.Coding.Lpc),
        ["opus"] = TestSounds.Opus(TestSounds.Tone(400, 48_000, 0.1), 1),
        ["vorbis"] = TestSounds.Vorbis(packets: 12, line: 9),
        ["mp3"] = TestSounds.Mp3(frames: 6, line: 20),
    };
}
