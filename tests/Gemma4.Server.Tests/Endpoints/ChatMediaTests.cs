using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class ChatMediaTests
{
    private static readonly string Thumb = TestMedia.DataUrl("thumb.png", "image/png");
    private static readonly string Strip = TestMedia.DataUrl("strip.png", "image/png");

    [Fact]
    public async Task Each_image_has_its_own_budget_and_usage_tells_its_cost()
    {
        FakeEngine engine = Script.Saying("Two images.");
        JsonElement answer = await PostAsync(engine, $$$"""
            {"type":"text","text":"Compare"},
            {"type":"image_url","image_url":{"url":"{{{Strip}}}","detail":"low"}},
            {"type":"image_url","image_url":{"url":"{{{Strip}}}","max_soft_tokens":140}},
            {"type":"image_url","image_url":{"url":"{{{Thumb}}}"}}
            """, "\"mm_processor_kwargs\":{\"max_soft_tokens\":280}");
        GenerationRequest request = Assert.Single(engine.Requests);
        MediaItem.Image[] images = [.. request.Media.Cast<MediaItem.Image>()];
        Assert.Equal([64, 135], images[..2].Select(i => i.NumSoftTokens));
        Assert.InRange(images[2].NumSoftTokens, 141, 280);
        Assert.Equal(3, images.Select(i => i.ContentHash).Distinct().Count());
        foreach (MediaItem.Image image in images)
        {
            Assert.Equal(image.NumSoftTokens * 9 * 768, image.Patches.Length);
            int[] place = [.. request.PromptTokenIds.Skip(image.FirstToken - 1).Take(image.NumSoftTokens + 2)];
            Assert.Equal(ServerUnderTest.Tokenizer.Special.ImageStart, place[0]);
            Assert.Equal(ServerUnderTest.Tokenizer.Special.ImageEnd, place[^1]);
            Assert.All(place[1..^1], id => Assert.Equal(ServerUnderTest.Tokenizer.Special.Image, id));
        }
        JsonElement details = answer.GetProperty("usage").GetProperty("prompt_tokens_details");
        Assert.Equal(images.Select(i => i.NumSoftTokens), details.GetProperty("image_tokens_each").EnumerateArray().Select(t => t.GetInt32()));
        Assert.Equal(images.Sum(i => i.NumSoftTokens), details.GetProperty("image_tokens").GetInt32());
    }

    [Fact]
    public async Task A_budget_may_stand_beside_the_image_or_inside_it()
    {
        FakeEngine engine = Script.Saying("Two images.");
        await PostAsync(engine, $$$"""
            {"type":"image_url","image_url":{"url":"{{{Strip}}}"},"max_soft_tokens":140},
            {"type":"image_url","image_url":{"url":"{{{Strip}}}","max_soft_tokens":140}}
            """);
        Assert.Equal([135, 135], Assert.Single(engine.Requests).Media.Select(m => m.NumSoftTokens));
    }

    [Fact]
    public async Task Audio_is_heard()
    {
        FakeEngine engine = Script.Saying("A chirp.");
        string data = Convert.ToBase64String(TestMedia.Read("chirp.wav"));
        JsonElement answer = await PostAsync(engine, $$$"""{"type":"input_audio","input_audio":{"data":"{{{data}}}","format":"wav"}}""");
        MediaItem.Audio audio = Assert.IsType<MediaItem.Audio>(Assert.Single(Assert.Single(engine.Requests).Media));
        Assert.Equal((33, 129 * 128), (audio.NumSoftTokens, audio.LogMel.Length));
        Assert.Equal(33, answer.GetProperty("usage").GetProperty("prompt_tokens_details").GetProperty("audio_tokens").GetInt32());
    }

    public static TheoryData<string, string?, string?> Refusals() => new()
    {
        { Image("data:image/png;base64,aGVsbG8gd29ybGQ="), "invalid_image_format", "messages[0].content[0].image_url.url" },
        { Image("data:image/png;base64,@@@@"), "invalid_base64_image", "messages[0].content[0].image_url.url" },
        { Image("data:text/plain;base64,aGVsbG8="), "invalid_image_format", null },
        { Image("file:///etc/passwd"), "invalid_image_url", "messages[0].content[0].image_url.url" },
        { Image("http://127.0.0.1:1/x.png"), "invalid_image_url", "messages[0].content[0].image_url.url" },
        { """{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}""", "invalid_audio_format", "messages[0].content[0].input_audio.data" },
        { """{"type":"input_audio","input_audio":{"data":"","format":"wav"}}""", "empty_audio_file", "messages[0].content[0].input_audio.data" },
        { """{"type":"input_audio","input_audio":{"data":"data:audio/wav;base64,AAAA","format":"wav"}}""", "invalid_audio_url", "messages[0].content[0].input_audio.data" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Medium_that_cannot_be_taken_is_a_400_that_names_it(string part, string? code, string? param)
    {
        FakeEngine engine = Script.Saying("never");
        using HttpResponseMessage response = await SendAsync(engine, part);
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Server_says_how_many_media_it_takes_and_what_an_image_costs_by_default()
    {
        using HttpResponseMessage refused = await SendAsync(Script.Saying("x"), $"{Image(Thumb)},{Image(Thumb)}", "", ("Media:MaxItems", "1"));
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);

        FakeEngine engine = Script.Saying("x");
        using HttpResponseMessage taken = await SendAsync(engine, Image(Strip), "", ("Media:ImageSoftTokens", "70"));
        Assert.Equal(64, Assert.Single(Assert.Single(engine.Requests).Media).NumSoftTokens);
    }

    private static string Image(string url) => $$$"""{"type":"image_url","image_url":{"url":"{{{url}}}"}}""";

    private static async Task<JsonElement> PostAsync(FakeEngine engine, string parts, string more = "")
    {
        using HttpResponseMessage response = await SendAsync(engine, parts, more);
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return answer;
    }

    private static async Task<HttpResponseMessage> SendAsync(
        FakeEngine engine, string parts, string more = "", params (string Key, string Value)[] settings)
    {
        await using var server = new ServerUnderTest(engine, settings);
        using HttpClient client = await server.ReadyClientAsync();
        return await ServerUnderTest.PostAsync(client, "/v1/chat/completions", $$"""
            {"model":"{{ServerUnderTest.Model}}","messages":[{"role":"user","content":[{{parts}}]}]{{(more.Length > 0 ? "," + more : "")}}}
            """);
    }
}
