namespace Gemma4.Engine.Tests.Audio;

/// <summary>A small valid audio of each kind, to cut and to mutate.</summary>
internal static class ValidAudio
{
    public static IReadOnlyDictionary<string, byte[]> All { get; } = new Dictionary<string, byte[]>
    {
        ["wav"] = TestAudio.Wav16(TestAudio.Tone(400, 22_050, 0.1), 1, 22_050),
        ["wav of floats"] = TestAudio.Wav(3, 1, 16_000, 32, [.. TestAudio.Tone(400, 16_000, 0.1).SelectMany(BitConverter.GetBytes)], extensible: true),
        ["flac"] = TestFlac.Encode([[.. TestAudio.Tone(400, 16_000, 0.1).Select(s => (long)(s * 32767))]], 16, 16_000, TestFlac.Coding.Lpc),
        ["opus"] = TestAudio.Opus(TestAudio.Tone(400, 48_000, 0.1), 1),
        ["vorbis"] = TestAudio.Vorbis(packets: 12, line: 9),
        ["mp3"] = TestAudio.Mp3(frames: 6, line: 20),
        ["mp3 stereo, its rate varying, with tags"] = TestAudio.Mp3(frames: 6, line: 20, channels: 2, varies: true),
        ["wav of A-law, extensible"] = TestAudio.Wav(6, 2, 8_000, 8, new byte[1600], extensible: true),
        ["flac of eight channels"] = TestFlac.Encode(
            [.. Enumerable.Range(0, 8).Select(c => TestAudio.Tone(100 + c, 8_000, 0.1).Select(s => (long)(s * 32767)).ToArray())], 16, 8_000, TestFlac.Coding.Fixed),
        ["flac of escaped residuals"] = TestFlac.Encode(
            [.. Enumerable.Range(0, 2).Select(c => TestAudio.Tone(400 + c, 16_000, 0.05).Select(s => (long)(s * 32767)).ToArray())], 16, 16_000, TestFlac.Coding.Escaped, 10),
        ["opus of six loudspeakers"] = TestAudio.OpusSurround(TestAudio.Tone(400, 48_000, 0.1, 6), 6),
        ["vorbis stereo"] = TestAudio.Vorbis(packets: 12, line: 11, channels: 2),
    };
}
