using System.Net;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>An hour is many half minutes: digits spoken over a minute and a half, heard by the demo model in three windows.</summary>
public sealed class LongTranscriptionTests(DemoServer server) : IClassFixture<DemoServer>
{
    private const int Rate = 16_000;
    private const double Window = 29.95; // where silence is cut: in the middle of the last quiet 100 ms before half a minute is over

    private static readonly string[] Said = ["six one seven", "zero eight three", "nine five eight"];

    private static readonly Lazy<byte[]> Audio = new(Compose);

    [Theory]
    [InlineData("json", "application/json")]
    [InlineData("text", "text/plain")]
    [InlineData("srt", "text/plain")]
    [InlineData("vtt", "text/vtt")]
    [InlineData("verbose_json", "application/json")]
    public async Task Windows_are_written_down_in_order_with_their_times(string format, string type)
    {
        using HttpResponseMessage response = await PostAsync(Audio.Value, ("response_format", format));
        string answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.OK, type), (response.StatusCode, response.Content.Headers.ContentType?.MediaType));
        string all = string.Join(' ', Said);
        switch (format)
        {
            case "json":
                Assert.Equal(all, JsonElement.Parse(answer).GetProperty("text").GetString());
                break;
            case "text":
                Assert.Equal(all + "\n", answer);
                break;
            case "srt":
                Assert.Equal(
                    "1\n00:00:00,000 --> 00:00:29,950\nsix one seven\n\n2\n00:00:29,950 --> 00:00:59,900\nzero eight three\n\n"
                        + "3\n00:00:59,900 --> 00:01:29,850\nnine five eight\n\n", answer);
                break;
            case "vtt":
                Assert.Equal(
                    "WEBVTT\n\n00:00:00.000 --> 00:00:29.950\nsix one seven\n\n00:00:29.950 --> 00:00:59.900\nzero eight three\n\n"
                        + "00:00:59.900 --> 00:01:29.850\nnine five eight\n\n", answer);
                break;
            default:
                AssertVerbose(JsonElement.Parse(answer));
                break;
        }
    }

    [Fact]
    public async Task Stream_tells_the_windows_one_by_one_and_what_they_cost()
    {
        using HttpResponseMessage response = await PostAsync(Audio.Value, ("stream", "true"));
        string stream = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        // On a slow machine there are heartbeats between the events.
        JsonElement[] events = [.. stream.Split("\n\n").Where(e => e.StartsWith("data: ", StringComparison.Ordinal)).Select(e => JsonElement.Parse(e["data: ".Length..]))];
        Assert.Equal(string.Join(' ', Said), string.Concat(events[..^1].Select(e => e.GetProperty("delta").GetString())));
        Assert.Equal(string.Join(' ', Said), events[^1].GetProperty("text").GetString());
        JsonElement usage = events[^1].GetProperty("usage");
        Assert.Equal(3 * Window * 25, usage.GetProperty("input_token_details").GetProperty("audio_tokens").GetInt32(), 3.0);
        Assert.Equal(
            usage.GetProperty("input_tokens").GetInt32() + usage.GetProperty("output_tokens").GetInt32(), usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task Conversation_hears_the_windows_where_it_allows_them()
    {
        string parts = $$$"""
            {"type":"input_audio","input_audio":{"data":"{{{Convert.ToBase64String(Audio.Value)}}}","format":"wav","allow_windows":true}},
            {"type":"text","text":"Transcribe this."}
            """;
        using HttpClient client = server.Client();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", MediaRequests.Body("chat", parts));
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        int[] each = [.. MediaRequests.Costs("chat", answer).GetProperty("audio_tokens_each").EnumerateArray().Select(t => t.GetInt32())];
        Assert.Equal(3, each.Length);
        Assert.All(each, tokens => Assert.Equal(Window * 25, tokens, 2.0));
    }

    private static void AssertVerbose(JsonElement answer)
    {
        Assert.Equal(string.Join(' ', Said), answer.GetProperty("text").GetString());
        Assert.Equal(3 * Window, answer.GetProperty("duration").GetDouble(), 1e-6);
        JsonElement[] segments = [.. answer.GetProperty("segments").EnumerateArray()];
        Assert.Equal(3, segments.Length);
        for (int i = 0; i < 3; i++)
        {
            JsonElement segment = segments[i];
            Assert.Equal((i, Said[i]), (segment.GetProperty("id").GetInt32(), segment.GetProperty("text").GetString()));
            Assert.Equal(i * Window, segment.GetProperty("start").GetDouble(), 1e-6);
            Assert.Equal((i + 1) * Window, segment.GetProperty("end").GetDouble(), 1e-6);
            Assert.Equal((int)(i * 2995), segment.GetProperty("seek").GetInt32());
            int[] tokens = [.. segment.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
            Assert.Equal(Said[i], ServerUnderTest.Tokenizer.Decode(tokens[..^1]));
            Assert.InRange(segment.GetProperty("avg_logprob").GetDouble(), -1, 0);
            Assert.InRange(segment.GetProperty("no_speech_prob").GetDouble(), 0, 0.01);
            Assert.InRange(segment.GetProperty("compression_ratio").GetDouble(), 0.3, 1.5);
        }
    }

    /// <summary>Each voice at the end of a window of its own: the demo model was taught short audio clips, and hears best what it heard last.</summary>
    private static byte[] Compose()
    {
        JsonArray cases = JsonNode.Parse(File.ReadAllText(Path.Combine(RepositoryPaths.DemoModel, "cases.json")))!.AsArray();
        int window = (int)Math.Round(Window * Rate);
        var samples = new short[window * Said.Length];
        for (int i = 0; i < Said.Length; i++)
        {
            JsonNode voice = cases.First(c => (string?)c!["kind"] == "audio" && (string?)c["answer"] == Said[i])!;
            ReadOnlySpan<short> said = MemoryMarshal.Cast<byte, short>(Convert.FromBase64String((string)voice["wav"]!).AsSpan(44));
            said.CopyTo(samples.AsSpan((i + 1) * window - (int)(0.15 * Rate) - said.Length));
        }
        return TestMedia.Wav(samples, Rate);
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] file, params (string Name, string Value)[] fields)
    {
        var form = new MultipartFormDataContent { { new ByteArrayContent(file), "file", "audio.wav" }, { new StringContent(ServerUnderTest.Model), "model" } };
        foreach ((string name, string value) in fields)
            form.Add(new StringContent(value), name);
        using HttpClient client = server.Client();
        return await client.PostAsync("/v1/audio/transcriptions", form, TestContext.Current.CancellationToken);
    }
}
