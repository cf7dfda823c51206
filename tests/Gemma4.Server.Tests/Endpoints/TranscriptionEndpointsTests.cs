using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class TranscriptionEndpointsTests
{
    private static readonly byte[] Chirp = File.ReadAllBytes(Path.Combine(RepositoryPaths.Fixtures, "media", "chirp.wav"));

    [Fact]
    public async Task Sound_is_written_down_greedily_and_without_thought()
    {
        FakeEngine engine = Script.Saying("six one seven");
        Assert.Equal("""{"text":"six one seven"}""", await TextAsync(engine, Form(Chirp)));
        GenerationRequest request = Assert.Single(engine.Requests);
        Assert.Equal(33, Assert.IsType<MediaItem.Audio>(Assert.Single(request.Media)).NumSoftTokens);
        Assert.Equal(0, request.Sampling.Temperature);
        Assert.EndsWith("<|channel>thought\n<channel|>", ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text", "six\n")]
    [InlineData("srt", "1\n00:00:00,000 --> 00:00:01,300\nsix\n\n")]
    [InlineData("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.300\nsix\n\n")]
    [InlineData("verbose_json", """{"task":"transcribe","language":"unknown","duration":1.3,"text":"six","segments":[{"id":0,"start":0,"end":1.3,"text":"six"}]}""")]
    public async Task Answer_comes_in_the_format_asked_for(string format, string expected) =>
        Assert.Equal(expected, await TextAsync(Script.Saying("six"), Form(Chirp, ("response_format", format))));

    [Fact]
    public async Task Stream_tells_each_piece_and_then_the_whole()
    {
        string stream = await TextAsync(Script.Saying("six one"), Form(Chirp, ("stream", "true")));
        JsonElement[] events = [.. stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(e => JsonElement.Parse(e["data: ".Length..]))];
        Assert.Equal("six one", string.Concat(events[..^1].Select(e => e.GetProperty("delta").GetString())));
        Assert.Equal(("transcript.text.done", "six one"), (events[^1].GetProperty("type").GetString(), events[^1].GetProperty("text").GetString()));
    }

    public static TheoryData<string, string, string?, string?> Faults() => new()
    {
        { "response_format", "xml", "invalid_value", "response_format" },
        { "temperature", "hot", "invalid_value", "temperature" },
        { "stream", "perhaps", "invalid_value", "stream" },
        { "timestamp_granularities[]", "word", "unsupported_value", "timestamp_granularities" },
        { "include[]", "logprobs", "unsupported_parameter", "include" },
        { "model", "whisper-1", "model_not_found", null },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task Field_that_cannot_be_honoured_is_refused_by_its_name(string field, string value, string? code, string? param)
    {
        using HttpResponseMessage response = await SendAsync(Script.Saying("x"), Form(Chirp, (field, value)));
        Assert.InRange((int)response.StatusCode, 400, 404);
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((code, param), (error.GetProperty("code").GetString(), error.GetProperty("param").GetString()));
    }

    [Fact]
    public async Task File_that_is_no_sound_is_a_400_that_names_it()
    {
        using HttpResponseMessage response = await SendAsync(Script.Saying("x"), Form("hello"u8.ToArray()));
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal((HttpStatusCode.BadRequest, "file"), (response.StatusCode, error.GetProperty("param").GetString()));
    }

    [Fact]
    public async Task Body_that_is_no_form_is_refused()
    {
        using HttpResponseMessage response = await SendAsync(Script.Saying("x"), new StringContent("{}", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    private static MultipartFormDataContent Form(byte[] file, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(file), "file", "sound.wav" } };
        if (!fields.Any(f => f.Name == "model"))
            form.Add(new StringContent(ServerUnderTest.Model), "model");
        foreach ((string name, string value) in fields)
            form.Add(new StringContent(value), name);
        return form;
    }

    private static async Task<string> TextAsync(FakeEngine engine, HttpContent content)
    {
        using HttpResponseMessage response = await SendAsync(engine, content);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return text;
    }

    private static async Task<HttpResponseMessage> SendAsync(FakeEngine engine, HttpContent content)
    {
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        return await client.PostAsync("/v1/audio/transcriptions", content, TestContext.Current.CancellationToken);
    }
}
