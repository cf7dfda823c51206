using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Server.Media;
using Gemma4.Testing;
using Xunit;
using static Gemma4.Testing.VideoParts;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Videos in chats, as lists of frames and as files.</summary>
public sealed class ChatVideoTests
{
    [Fact]
    public async Task Frames_stand_behind_their_times_and_cost_seventy_soft_tokens_at_most()
    {
        (GenerationRequest request, JsonElement answer) = await AskAsync(
            $$$"""{"type":"text","text":"What happens?"},{"type":"video","video":{"frames":["{{{Thumb}}}","{{{Strip}}}","{{{Thumb}}}"],"fps":0.03}}""");
        Assert.Contains("What happens?00:00 <|image><image|> 00:33 <|image><image|> 01:06 <|image><image|>", WithoutSoftTokens(request), StringComparison.Ordinal);
        MediaItem.Image[] frames = [.. request.Media.Cast<MediaItem.Image>()];
        UInt128 thumb = ImagePreprocessor.Hash(ThumbFile, 70), strip = ImagePreprocessor.Hash(StripFile, 70);
        Assert.Equal([thumb, strip, thumb], frames.Select(f => f.ContentHash));
        Assert.Equal(ImagePreprocessor.Prepare(StripFile, 70, ImageLimits.Default, null, TestContext.Current.CancellationToken).Patches, frames[1].Patches); // bit for bit that image
        foreach (MediaItem.Image frame in frames)
        {
            Assert.InRange(frame.NumSoftTokens, 1, 70);
            Assert.Equal(frame.NumSoftTokens * 9 * 768, frame.Patches.Length);
            int[] place = [.. request.PromptTokenIds.Skip(frame.FirstToken - 1).Take(frame.NumSoftTokens + 2)];
            Assert.Equal(ServerUnderTest.Tokenizer.Special.ImageStart, place[0]);
            Assert.Equal(ServerUnderTest.Tokenizer.Special.ImageEnd, place[^1]);
            Assert.All(place[1..^1], id => Assert.Equal(ServerUnderTest.Tokenizer.Special.Video, id));
        }
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(request.PromptTokenIds.Length, usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(frames.Sum(f => f.NumSoftTokens), usage.GetProperty("prompt_tokens_details").GetProperty("image_tokens").GetInt32());
    }

    [Fact]
    public async Task Budget_of_frames_is_the_videos_own_and_images_keep_theirs()
    {
        (GenerationRequest request, _) = await AskAsync(
            $$$"""
            {"type":"video","video":{"frames":["{{{Strip}}}"],"timestamps":[61.9],"max_soft_tokens":140}},
            {"type":"image_url","image_url":{"url":"{{{Strip}}}"}}
            """, "\"mm_processor_kwargs\":{\"max_soft_tokens\":70}");
        Assert.Equal([135, 64], request.Media.Select(m => m.NumSoftTokens));
        Assert.Contains("01:01 <|image>", WithoutSoftTokens(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Of_more_frames_than_asked_for_evenly_spread_ones_are_taken_with_their_own_times()
    {
        string frames = string.Join(',', Enumerable.Range(0, 8).Select(i => $"\"{(i % 2 == 0 ? Thumb : "data:image/png;base64,never/read")}\""));
        (GenerationRequest request, _) = await AskAsync($$$"""{"type":"video","video":{"frames":[{{{frames}}}],"fps":1,"num_frames":4}}""");
        Assert.Equal(4, request.Media.Length);
        Assert.Contains("00:00 <|image><image|> 00:02 <|image><image|> 00:04 <|image><image|> 00:06 <|image><image|>", WithoutSoftTokens(request), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thirty_two_frames_are_taken_by_default_at_twenty_four_a_second()
    {
        (GenerationRequest request, _) = await AskAsync(Repeated(Thumb, 60));
        Assert.Equal(32, request.Media.Length);
        Assert.Contains("00:02 <|image>", WithoutSoftTokens(request), StringComparison.Ordinal);
    }

    public static TheoryData<string, string, string> Refusals()
    {
        const string video = "messages[0].content[1].video";
        return new()
        {
            { Video($"[{string.Join(',', Enumerable.Repeat("\"x\"", 61))}]"), "array_above_max_length", $"{video}.frames" },
            { Video("[]"), "empty_array", $"{video}.frames" },
            { """{"type":"video","video":{}}""", "missing_required_parameter", $"{video}.frames" },
            { """{"type":"video"}""", "missing_required_parameter", video },
            { Video($"""["{Thumb}","{Thumb}","{Thumb}","data:image/png;base64,aGVsbG8gd29ybGQ="]"""), "invalid_image_format", $"{video}.frames[3]" },
            { Video("""["http://127.0.0.1:1/x.png"]"""), "invalid_image_url", $"{video}.frames[0]" },
            { Video($"[\"{Thumb}\"]", "\"max_soft_tokens\":71"), "invalid_value", $"{video}.max_soft_tokens" },
            { $$$"""{"type":"video","max_soft_tokens":71,"video":{"frames":["{{{Thumb}}}"]}}""", "invalid_value", "messages[0].content[1].max_soft_tokens" },
            { Video($"[\"{Thumb}\"]", "\"num_frames\":61"), "integer_above_max_value", $"{video}.num_frames" },
            { Video($"[\"{Thumb}\"]", "\"fps\":0"), "decimal_below_min_value", $"{video}.fps" },
            { Video($"[\"{Thumb}\"]", "\"fps\":1,\"timestamps\":[0]"), "invalid_parameter_combination", $"{video}.timestamps" },
            { Video($"[\"{Thumb}\"]", "\"timestamps\":[0,1]"), "invalid_value", $"{video}.timestamps" },
            { Video($"[\"{Thumb}\",\"{Thumb}\"]", "\"timestamps\":[2,1]"), "invalid_value", $"{video}.timestamps[1]" },
            { Video($"[\"{Thumb}\"]", "\"timestamps\":[-1]"), "invalid_value", $"{video}.timestamps[0]" },
            { """{"type":"video_url","video_url":{"url":"x","num_frames":0}}""", "integer_below_min_value", "messages[0].content[1].video_url.num_frames" },
        };
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Video_that_cannot_be_taken_is_a_400_that_names_the_part(string part, string code, string param)
    {
        FakeEngine engine = Script.Saying("never");
        using HttpResponseMessage response = await SendAsync(engine, $$"""{"type":"text","text":"Look"},{{part}}""");
        await AssertRefusedAsync(response, code, param);
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Frames_count_as_media_of_the_request()
    {
        using HttpResponseMessage response = await SendAsync(Script.Saying("never"), $"{Repeated(Thumb, 3)},{Repeated(Thumb, 3)}", "", ("Media:MaxItems", "5"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("6 images, audio clips and frames", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"type\":\"video\",\"video\":{\"frames\":[\"x\"]}", "messages[0].content[0].video.frames")]
    [InlineData("\"type\":\"video_url\",\"video_url\":{\"url\":\"x\"}", "messages[0].content[0].video_url.url")]
    public async Task Model_without_eyes_refuses_videos(string part, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("never")) { Media = MediaTraits.TextOnly };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await PostAsync(client, $"{{{part}}}");
        await AssertRefusedAsync(response, "unsupported_value", param);
    }

    [Fact]
    public async Task Video_file_is_seen_where_there_is_an_ffmpeg_and_refused_with_advice_elsewhere()
    {
        bool canRead = Ffmpeg.Find(Environment.GetEnvironmentVariable("PATH")) is not null;
        FakeEngine engine = Script.Saying("A test image.");
        string url = canRead ? $"data:video/mp4;base64,{Convert.ToBase64String(await TestVideo.MakeAsync())}" : "data:video/mp4;base64,AAAA";
        using HttpResponseMessage response = await SendAsync(engine, $$$"""{"type":"video_url","video_url":{"url":"{{{url}}}","num_frames":4}}""");
        if (!canRead)
        {
            await AssertRefusedAsync(response, "unsupported_value", "messages[0].content[0].video_url.url");
            return;
        }
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        GenerationRequest request = Assert.Single(engine.Requests);
        Assert.Contains("00:00 <|image><image|> 00:01 <|image><image|> 00:02 <|image><image|> 00:03 <|image><image|>", WithoutSoftTokens(request), StringComparison.Ordinal);
        Assert.Equal(4, request.Media.Cast<MediaItem.Image>().Select(f => f.ContentHash).Distinct().Count());
    }

    private static async Task AssertRefusedAsync(HttpResponseMessage response, string code, string param)
    {
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    private static async Task<(GenerationRequest Request, JsonElement Answer)> AskAsync(string parts, string more = "")
    {
        FakeEngine engine = Script.Saying("Nothing much.");
        using HttpResponseMessage response = await SendAsync(engine, parts, more);
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return (Assert.Single(engine.Requests), answer);
    }

    private static async Task<HttpResponseMessage> SendAsync(
        FakeEngine engine, string parts, string more = "", params (string Key, string Value)[] settings)
    {
        await using var server = new ServerUnderTest(engine, settings);
        using HttpClient client = await server.ReadyClientAsync();
        return await PostAsync(client, parts, more);
    }

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string parts, string more = "") =>
        ServerUnderTest.PostAsync(client, "/v1/chat/completions", $$"""
            {"model":"{{ServerUnderTest.Model}}","messages":[{"role":"user","content":[{{parts}}]}]{{(more.Length > 0 ? "," + more : "")}}}
            """);
}
