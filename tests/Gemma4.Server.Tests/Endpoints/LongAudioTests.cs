using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Audio clips of more than half a minute in conversations: heard in windows where that is allowed, refused elsewhere.</summary>
public sealed class LongAudioTests
{
    private const int Rate = 8_000;

    private static readonly string Long = Convert.ToBase64String(TestMedia.Wav(new short[65 * Rate], Rate));

    [Theory]
    [InlineData("chat")]
    [InlineData("chat tool")]
    [InlineData("responses")]
    [InlineData("responses tool")]
    public async Task Each_window_is_an_audio_clip_of_its_own_in_order_and_usage_tells_its_cost(string api)
    {
        foreach (string part in (string[])[Data(",\"allow_windows\":true"), Url(api, ",\"allow_windows\":true")])
        {
            (FakeEngine engine, JsonElement answer) = await AskAsync(api, part);
            AssertThreeWindows(Assert.Single(engine.Requests));
            JsonElement costs = MediaRequests.Costs(api, answer);
            int[] each = [.. Assert.Single(engine.Requests).Media.Select(m => m.NumSoftTokens)];
            Assert.Equal(each, costs.GetProperty("audio_tokens_each").EnumerateArray().Select(t => t.GetInt32()));
            Assert.Equal(each.Sum(), costs.GetProperty("audio_tokens").GetInt32());
        }
    }

    [Theory]
    [InlineData("", null, true)] // the server allows it
    [InlineData("", true, null)] // the request does
    [InlineData(",\"allow_windows\":true", false, false)] // the part's word is the last one
    public async Task Most_exact_word_allows_windows(string beside, bool? request, bool? server)
    {
        (FakeEngine engine, _) = await AskAsync("chat", Data(beside), More(request), Setting(server));
        AssertThreeWindows(Assert.Single(engine.Requests));
    }

    [Theory]
    [InlineData("chat", "", null, null)]
    [InlineData("chat", ",\"allow_windows\":false", true, true)]
    [InlineData("chat", "", false, true)]
    [InlineData("responses", "", null, false)]
    public async Task Elsewhere_the_refusal_names_the_part_and_the_field_that_would_allow_it(string api, string beside, bool? request, bool? server)
    {
        foreach (bool byUrl in (bool[])[false, true])
        {
            string part = byUrl ? Url(api, beside) : Data(beside);
            using HttpResponseMessage response = await SendAsync(Script.Saying("never"), api, part, More(request), Setting(server));
            JsonElement answer = await ServerUnderTest.JsonAsync(response);
            string field = byUrl ? ".audio_url.url" : ".input_audio.data";
            Assert.Equal((HttpStatusCode.BadRequest, MediaRequests.PartPath(api) + field), (response.StatusCode, MediaRequests.Param(api, answer)));
            JsonElement error = answer.GetProperty("error");
            Assert.Equal("audio_too_long", error.GetProperty("code").GetString());
            Assert.Contains("longer than 30 s", error.GetProperty("message").GetString(), StringComparison.Ordinal);
            Assert.Contains("'allow_windows'", error.GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Windows_count_as_media_of_the_request()
    {
        using HttpResponseMessage response = await SendAsync(
            Script.Saying("never"), "chat", Data(",\"allow_windows\":true"), "", ("Media:MaxItems", "2"));
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.Equal((HttpStatusCode.BadRequest, "messages[0].content[0].input_audio.data"), (response.StatusCode, MediaRequests.Param("chat", answer)));
        Assert.Contains("3 images, audio clips", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Longer_than_the_servers_limit_is_refused_even_in_windows()
    {
        using HttpResponseMessage response = await SendAsync(
            Script.Saying("never"), "chat", Data(",\"allow_windows\":true"), "", ("Media:MaxAudioDuration", "00:01:00"));
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal("The audio is longer than 60 s.", error.GetProperty("message").GetString());
    }

    private static void AssertThreeWindows(GenerationRequest request)
    {
        MediaItem.Audio[] windows = [.. request.Media.Cast<MediaItem.Audio>()];
        Assert.Equal(3, windows.Length);
        Assert.All(windows, w => Assert.InRange(w.NumSoftTokens, 25, 750));
        Assert.Equal(65 * 25, windows.Sum(w => w.NumSoftTokens), 3.0);
        for (int i = 0; i < windows.Length; i++)
        {
            int[] place = [.. request.PromptTokenIds.Skip(windows[i].FirstToken - 1).Take(windows[i].NumSoftTokens + 2)];
            Assert.Equal(ServerUnderTest.Tokenizer.Special.AudioStart, place[0]);
            Assert.Equal(ServerUnderTest.Tokenizer.Special.AudioEnd, place[^1]);
            Assert.All(place[1..^1], id => Assert.Equal(ServerUnderTest.Tokenizer.Special.Audio, id));
            if (i > 0)
                Assert.Equal(windows[i - 1].FirstToken + windows[i - 1].NumSoftTokens + 2, windows[i].FirstToken); // nothing between them
        }
    }

    private static string Data(string beside) => $$$"""{"type":"input_audio","input_audio":{"data":"{{{Long}}}","format":"wav"{{{beside}}}}}""";

    private static string Url(string api, string beside) => api.StartsWith("responses", StringComparison.Ordinal)
        ? $$$"""{"type":"input_audio","audio_url":{"url":"data:audio/wav;base64,{{{Long}}}"{{{beside}}}}}"""
        : $$$"""{"type":"audio_url","audio_url":{"url":"data:audio/wav;base64,{{{Long}}}"{{{beside}}}}}""";

    private static string More(bool? allow) => allow is { } value ? $$""","mm_processor_kwargs":{"allow_windows":{{(value ? "true" : "false")}}}""" : "";

    private static (string, string)[] Setting(bool? allow) => allow is { } value ? [("Media:AllowWindows", $"{value}")] : [];

    private static async Task<(FakeEngine Engine, JsonElement Answer)> AskAsync(
        string api, string part, string more = "", params (string Key, string Value)[] settings)
    {
        FakeEngine engine = Script.Saying("A long audio clip.");
        using HttpResponseMessage response = await SendAsync(engine, api, part, more, settings);
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return (engine, answer);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        FakeEngine engine, string api, string part, string more = "", params (string Key, string Value)[] settings)
    {
        await using var server = new ServerUnderTest(engine, settings);
        using HttpClient client = await server.ReadyClientAsync();
        return await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), MediaRequests.Body(api, part, more));
    }
}
