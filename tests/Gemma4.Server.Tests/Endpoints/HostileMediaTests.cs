using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Gemma4.Testing;
using SkiaSharp;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Files that cannot or must not be read, in every API and in results of tools: a 400 that names the part, and soon.</summary>
public sealed class HostileMediaTests
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(10);

    private static readonly Dictionary<string, byte[]> Images = new()
    {
        ["image_file_too_large"] = new byte[1_000_001],
        ["empty_image_file"] = [],
        ["invalid_image_format"] = "GIF87b, nearly"u8.ToArray(),
        ["image_parse_error"] = TestMedia.Read("thumb.png")[..^40],
        ["image_too_large"] = Png(50_000, 2), // a side
        ["image_too_large of pixels"] = Png(3_000, 2_000),
        ["invalid_image"] = Png(4_000, 1), // a line
    };

    private static readonly Dictionary<string, byte[]> Audios = new()
    {
        ["audio_file_too_large"] = new byte[1_000_001],
        ["empty_audio_file"] = [],
        ["invalid_audio_format"] = TestMedia.Read("thumb.png"),
        ["audio_parse_error"] = TestMedia.Read("chirp.wav")[..^40],
        ["audio_parse_error of a frameless MP3"] = [0xFF, 0xFB, 0x90, 0xC0, .. new byte[100_000]],
        ["audio_too_short"] = TestMedia.Wav(new short[100], 16_000),
        ["audio_too_long"] = TestMedia.Wav(new short[31 * 8_000], 8_000),
    };

    public static TheoryData<string> Apis() => [.. MediaRequests.Apis];

    [Theory]
    [MemberData(nameof(Apis))]
    public Task Image_is_refused_naming_the_part(string api) => AssertRefusedAsync(
        api, Images, file => MediaRequests.Image(api, TestMedia.DataUrl(file, "image/png")), MediaRequests.UrlPath(api));

    [Theory]
    [InlineData("chat")]
    [InlineData("chat tool")]
    [InlineData("responses")]
    [InlineData("responses tool")]
    public Task Audio_is_refused_naming_the_part(string api) => AssertRefusedAsync(
        api,
        Audios,
        file => $$$"""{"type":"input_audio","input_audio":{"data":"{{{Convert.ToBase64String(file)}}}","format":"mp3"}}""",
        MediaRequests.PartPath(api) + ".input_audio.data");

    private static byte[] Png(int width, int height)
    {
        using var bitmap = new SKBitmap(width, height);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    private static async Task AssertRefusedAsync(string api, Dictionary<string, byte[]> files, Func<byte[], string> part, string param)
    {
        FakeEngine engine = Script.Saying("never");
        await using var server = new ServerUnderTest(
            engine, ("Media:MaxImageBytes", "1000000"), ("Media:MaxAudioBytes", "1000000"), ("Media:MaxImagePixels", "5000000"));
        using HttpClient client = await server.ReadyClientAsync();
        foreach ((string code, byte[] file) in files)
        {
            var clock = Stopwatch.StartNew();
            using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), MediaRequests.Body(api, part(file)));
            JsonElement answer = await ServerUnderTest.JsonAsync(response);
            Assert.Equal((code, HttpStatusCode.BadRequest, param), (code, response.StatusCode, MediaRequests.Param(api, answer)));
            if (answer.GetProperty("error").TryGetProperty("code", out JsonElement told)) // Anthropic's errors have none
                Assert.Equal(code.Split(' ')[0], told.GetString());
            Assert.True(clock.Elapsed < Soon, $"{code} took {clock.Elapsed}");
        }
        Assert.Empty(engine.Requests);
    }
}
