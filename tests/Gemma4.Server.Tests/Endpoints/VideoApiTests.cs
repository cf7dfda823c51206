using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Gemma4.Testing;
using Xunit;
using static Gemma4.Testing.VideoParts;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Videos in responses, in Anthropic's messages and in the results of tools: the parts of chats, with the same meaning.</summary>
public sealed class VideoApiTests
{
    private const string Chat = "/v1/chat/completions", Responses = "/v1/responses", Messages = "/v1/messages";

    private static string TwoFrames => Video($"[\"{Thumb}\",\"{Strip}\"]", "\"fps\":0.03,\"max_soft_tokens\":140");

    private static string OneFrame => $$$"""{"type":"video","max_soft_tokens":280,"video":{"frames":["{{{Strip}}}"],"timestamps":[7.5]}}""";

    private static string FromUser(string api, string parts) => api switch
    {
        Responses => $$$"""{"input":[{"role":"user","content":[{"type":"input_text","text":"Look: "},{{{parts}}}]}]}""",
        _ => $$$"""{"max_tokens":64,"messages":[{"role":"user","content":[{"type":"text","text":"Look: "},{{{parts}}}]}]}""",
    };

    private static string FromTool(string api, string parts) => api switch
    {
        Chat => $$$"""
            {"messages":[{"role":"user","content":"Video?"},
              {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"camera","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"Here."},{{{parts}}}]}]}
            """,
        Responses => $$$"""
            {"input":[{"role":"user","content":"Video?"},{"type":"function_call","call_id":"call_1","name":"camera","arguments":"{}"},
              {"type":"function_call_output","call_id":"call_1","output":[{"type":"input_text","text":"Here."},{{{parts}}}]}]}
            """,
        _ => $$$"""
            {"max_tokens":64,"messages":[{"role":"user","content":"Video?"},
              {"role":"assistant","content":[{"type":"tool_use","id":"call_1","name":"camera","input":{}}]},
              {"role":"user","content":[{"type":"tool_result","tool_use_id":"call_1","content":[{"type":"text","text":"Here."},{{{parts}}}]}]}]}
            """,
    };

    [Theory]
    [InlineData(Responses)]
    [InlineData(Messages)]
    public async Task Users_video_is_the_prompt_that_it_is_in_a_chat(string api)
    {
        (GenerationRequest chat, JsonElement inChat) = await AskAsync(Chat, FromUser(Chat, $"{TwoFrames},{OneFrame}"));
        Assert.Contains(
            "Look:00:00 <|image><image|> 00:33 <|image><image|>00:07 <|image><image|>", WithoutSoftTokens(chat), StringComparison.Ordinal);
        Assert.Equal(3, chat.Media.Length);
        (GenerationRequest other, JsonElement answer) = await AskAsync(api, FromUser(api, $"{TwoFrames},{OneFrame}"));
        AssertSame(chat, other);
        Assert.Equal(inChat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), answer.GetProperty("usage").GetProperty("input_tokens").GetInt32());
    }

    [Theory]
    [InlineData(Responses)]
    [InlineData(Messages)]
    public async Task Tools_video_stands_behind_its_result_in_every_api(string api)
    {
        (GenerationRequest chat, _) = await AskAsync(Chat, FromTool(Chat, TwoFrames));
        Assert.Contains("<tool_response|>00:00 <|image><image|> 00:33 <|image><image|>", WithoutSoftTokens(chat), StringComparison.Ordinal);
        (GenerationRequest other, _) = await AskAsync(api, FromTool(api, TwoFrames));
        AssertSame(chat, other);
    }

    [Fact]
    public async Task Responses_tell_what_each_frame_cost()
    {
        (GenerationRequest request, JsonElement answer) = await AskAsync(Responses, FromUser(Responses, TwoFrames));
        JsonElement details = answer.GetProperty("usage").GetProperty("input_tokens_details");
        Assert.Equal(request.Media.Select(m => m.NumSoftTokens), details.GetProperty("image_tokens_each").EnumerateArray().Select(t => t.GetInt32()));
        Assert.Equal(request.Media.Sum(m => m.NumSoftTokens), details.GetProperty("image_tokens").GetInt32());
    }

    [Theory]
    [InlineData(Responses, """{"type":"input_image","image_url":"URL","max_soft_tokens":70}""")]
    [InlineData(Messages, """{"type":"image","max_soft_tokens":70,"source":{"type":"url","url":"URL"}}""")]
    public async Task Images_choose_their_budget_by_the_same_field(string api, string part)
    {
        (GenerationRequest request, _) = await AskAsync(api, FromUser(api, part.Replace("URL", Strip, StringComparison.Ordinal)));
        Assert.Equal(64, Assert.Single(request.Media).NumSoftTokens);
    }

    [Theory]
    [InlineData(Responses, "/input_tokens")]
    [InlineData(Messages, "/count_tokens")]
    public async Task Videos_are_counted_before_they_are_asked_about(string api, string path)
    {
        (GenerationRequest request, _) = await AskAsync(api, FromUser(api, TwoFrames));
        await using var server = new ServerUnderTest(Script.Saying("never"));
        using HttpResponseMessage counted = await PostAsync(await server.ReadyClientAsync(), api + path, FromUser(api, TwoFrames));
        Assert.Equal(request.PromptTokenIds.Length, (await ServerUnderTest.JsonAsync(counted)).GetProperty("input_tokens").GetInt32());
    }

    [Theory]
    [InlineData(Responses, "response.completed")]
    [InlineData(Messages, "message_stop")]
    public async Task Video_is_answered_in_a_stream(string api, string end)
    {
        FakeEngine engine = Script.Saying("A strip.");
        await using var server = new ServerUnderTest(engine);
        using HttpResponseMessage response = await PostAsync(await server.ReadyClientAsync(), api, With(FromUser(api, TwoFrames), "\"stream\":true"));
        JsonElement[] events = Sse.NamedFrames(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(end, events[^1].GetProperty("type").GetString());
        Assert.Equal(2, Assert.Single(engine.Requests).Media.Length);
    }

    [Fact]
    public async Task Video_of_a_kept_response_is_seen_again_and_shown_as_it_was_given()
    {
        FakeEngine engine = Script.Saying("A strip.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage first = await PostAsync(client, Responses, With(FromUser(Responses, TwoFrames), "\"stream\":true"));
        string id = Sse.NamedFrames(await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))[^1]
            .GetProperty("response").GetProperty("id").GetString()!;
        using HttpResponseMessage second = await PostAsync(client, Responses, $$"""{"previous_response_id":"{{id}}","input":"And then?"}""");
        Assert.Equal(HttpStatusCode.OK, second.StatusCode);

        GenerationRequest[] requests = [.. engine.Requests];
        Assert.Equal(requests[0].Media.Select(m => m.ContentHash), requests[1].Media.Select(m => m.ContentHash));
        string prompt = WithoutSoftTokens(requests[1]);
        Assert.Contains("00:33 <|image><image|><turn|>\n<|turn>model\nA strip.<turn|>\n<|turn>user\nAnd then?", prompt, StringComparison.Ordinal);

        JsonElement items = await ServerUnderTest.JsonAsync(
            await client.GetAsync($"{Responses}/{id}/input_items", TestContext.Current.CancellationToken));
        JsonElement part = items.GetProperty("data")[0].GetProperty("content")[1];
        Assert.Equal(
            JsonElement.Parse(TwoFrames).GetProperty("video").GetProperty("frames").GetRawText(), part.GetProperty("video").GetProperty("frames").GetRawText());
    }

    [Fact]
    public async Task Video_of_a_kept_response_counts_in_its_size()
    {
        // The store holds one megabyte: a video of more is forgotten at once, and is no way to fill the memory.
        string padding = new('A', 600_000), other = new('B', 600_000);
        FakeEngine engine = Script.Saying("Short.");
        await using var server = new ServerUnderTest(engine, ("Storage:MaxMegabytes", "1"));
        using HttpClient client = await server.ReadyClientAsync();
        string video = Video($"[\"{Thumb}\",\"data:image/png;base64,{padding}\",\"data:image/png;base64,{other}\"]", "\"num_frames\":1");
        using HttpResponseMessage large = await PostAsync(client, Responses, FromUser(Responses, video));
        string id = (await ServerUnderTest.JsonAsync(large)).GetProperty("id").GetString()!;
        using HttpResponseMessage kept = await client.GetAsync($"{Responses}/{id}", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.NotFound, kept.StatusCode);
    }

    public static TheoryData<string, string, string> Refusals() => new()
    {
        { "{\"type\":\"video\"}", "video", "" },
        { "{\"type\":\"video_url\"}", "video_url", "" },
        { Video("[]"), "video.frames", "empty" },
        { Video($"[\"{Thumb}\",\"data:image/png;base64,aGVsbG8gd29ybGQ=\"]"), "video.frames[1]", "" },
        { Video($"[\"{Thumb}\"]", "\"timestamps\":[1,2]"), "video.timestamps", "" },
        { Video($"[\"{Thumb}\"]", "\"fps\":0"), "video.fps", "" },
        { Video($"[\"{Thumb}\"]", "\"num_frames\":61"), "video.num_frames", "" },
        { $$$"""{"type":"video","max_soft_tokens":71,"video":{"frames":["{{{Thumb}}}"]}}""", "max_soft_tokens", "" },
        { """{"type":"video_url","video_url":{"url":"data:video/mp4;base64,AAAA","max_soft_tokens":71}}""", "video_url.max_soft_tokens", "" },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task Video_that_cannot_be_taken_is_a_400_that_names_the_part(string part, string field, string word)
    {
        foreach ((string body, string api, string param) in new[]
        {
            (FromUser(Responses, part), Responses, $"input[0].content[1].{field}"),
            (FromTool(Responses, part), Responses, $"input[2].output[1].{field}"),
            (FromUser(Messages, part), Messages, $"messages[0].content[1].{field}"),
            (FromTool(Messages, part), Messages, $"messages[2].content[0].content[1].{field}"),
            (FromTool(Chat, part), Chat, $"messages[2].content[1].{field}"),
        })
        {
            (string? at, string message) = await RefusedAsync(api, body);
            Assert.Equal(param, at);
            Assert.Contains(word, message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("system")]
    [InlineData("developer")]
    [InlineData("assistant")]
    public async Task Nobody_but_users_and_tools_shows_videos(string role)
    {
        Assert.Equal("input[0].content[0].type", (await RefusedAsync(Responses, $$"""{"input":[{"role":"{{role}}","content":[{{OneFrame}}]}]}""")).Param);
        if (role == "assistant")
        {
            string body = $$"""{"max_tokens":9,"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":[{{OneFrame}}]}]}""";
            Assert.Equal("messages[1].content[0].type", (await RefusedAsync(Messages, body)).Param);
        }
    }

    [Theory]
    [InlineData(Responses, "input[0].content[1].video.frames")]
    [InlineData(Messages, "messages[0].content[1].video.frames")]
    public async Task Model_without_eyes_refuses_videos(string api, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("never")) { Media = MediaTraits.TextOnly };
        Assert.Equal(param, (await RefusedAsync(server, api, FromUser(api, OneFrame))).Param);
    }

    [Theory]
    [InlineData(Responses)]
    [InlineData(Messages)]
    public async Task Video_file_is_seen_in_every_api(string api)
    {
        TestVideo.RequireTools();
        string part = VideoUrl(await TestVideo.MakeAsync(), "\"num_frames\":2");
        (GenerationRequest chat, _) = await AskAsync(Chat, FromUser(Chat, part));
        Assert.Contains("Look:00:00 <|image><image|> 00:02 <|image><image|>", WithoutSoftTokens(chat), StringComparison.Ordinal);
        AssertSame(chat, (await AskAsync(api, FromUser(api, part))).Request);
    }

    private static void AssertSame(GenerationRequest expected, GenerationRequest actual)
    {
        Assert.Equal(ServerUnderTest.Tokenizer.Decode(expected.PromptTokenIds.AsSpan()), ServerUnderTest.Tokenizer.Decode(actual.PromptTokenIds.AsSpan()));
        Assert.Equal(expected.PromptTokenIds, actual.PromptTokenIds);
        Assert.Equal(expected.Media.Select(m => (m.FirstToken, m.NumSoftTokens, m.ContentHash)), actual.Media.Select(m => (m.FirstToken, m.NumSoftTokens, m.ContentHash)));
    }

    private static async Task<(GenerationRequest Request, JsonElement Answer)> AskAsync(string api, string body)
    {
        FakeEngine engine = Script.Saying("A strip.");
        await using var server = new ServerUnderTest(engine);
        using HttpResponseMessage response = await PostAsync(await server.ReadyClientAsync(), api, body);
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return (Assert.Single(engine.Requests), answer);
    }

    private static async Task<(string? Param, string Message)> RefusedAsync(string api, string body)
    {
        await using var server = new ServerUnderTest(Script.Saying("never"));
        return await RefusedAsync(server, api, body);
    }

    private static async Task<(string? Param, string Message)> RefusedAsync(ServerUnderTest server, string api, string body)
    {
        using HttpResponseMessage response = await PostAsync(await server.ReadyClientAsync(), api, body);
        JsonElement json = await ServerUnderTest.JsonAsync(response);
        Assert.Equal((HttpStatusCode.BadRequest, 0), (response.StatusCode, server.Engine.Requests.Count));
        JsonElement error = json.GetProperty("error");
        string message = error.GetProperty("message").GetString()!;
        return api == Messages // which has no field for it: it begins the message
            ? (message[..message.IndexOf(": ", StringComparison.Ordinal)], message)
            : (error.GetProperty("param").GetString(), message);
    }

    private static string With(string body, string field) => body.Insert(body.IndexOf('{', StringComparison.Ordinal) + 1, field + ",");

    private static Task<HttpResponseMessage> PostAsync(HttpClient client, string path, string body) =>
        ServerUnderTest.PostAsync(client, path, With(body, $"\"model\":\"{ServerUnderTest.Model}\""));
}
