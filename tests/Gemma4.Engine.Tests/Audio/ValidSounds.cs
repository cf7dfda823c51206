namespace Gemma4.Engine.Tests.Audio;

/// <summary>A small valid sound of each kind, to cut and to mutate.</summary>
internal static class ValidSounds
{
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["wav"] = TestSounds.Wav16(TestSounds.Tone(400, 22_050, 0.1), 1, 22_050),
        ["wav of floats"] = TestSounds.Wav(3, 1, 16_000, 32, [.. TestSounds.Tone(400, 16_000, 0.1).SelectMany(BitConverter.GetBytes)], extensible: true),
        ["flac"] = TestFlac.Encode([[.. TestSounds.Tone(400, 16_000, 0.1).Select(s => (long)(s * 32767))]], 16, 16_000, TestFlac.Coding.Lpc),
        ["opus"] = TestSounds.Opus(TestSounds.Tone(400, 48_000, 0.1), 1),
        ["vorbis"] = TestSounds.Vorbis(packets: 12, line: 9),
        ["mp3"] = TestSounds.Mp3(frames: 6, line: 20),
        ["mp3 stereo, its rate varying, with tags"] = TestSounds.Mp3(frames: 6, line: 20, channels: 2, varies: true),
        ["wav of A-law, extensible"] = TestSounds.Wav(6, 2, 8_000, 8, new byte[1600], extensible: true),
        ["flac of eight channels"] = TestFlac.Encode(
            [.. Enumerable.Range(0, 8).Select(c => TestSounds.Tone(100 + c, 8_000, 0.1).Select(s => (long)(s * 32767)).ToArray())], 16, 8_000, TestFlac.Coding.Fixed),
        ["flac of escaped residuals"] = TestFlac.Encode(
            [.. Enumerable.Range(0, 2).Select(c => TestSounds.Tone(400 + c, 16_000, 0.05).Select(s => (long)(s * 32767)).ToArray())], 16, 16_000, TestFlac.Coding.Escaped, 10),
        ["opus of six loudspeakers"] = TestSounds.OpusSurround(TestSounds.Tone(400, 48_000, 0.1, 6), 6),
        ["vorbis stereo"] = TestSounds.Vorbis(packets: 12, line: 11, channels: 2),
    };
}
