using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;
using static Gemma4.Testing.VideoParts;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>
/// Videos made of hostile values, in every place of every API that takes videos, for a bounded time. Each is answered, or refused by a 400
/// that names the part; nothing else may happen.
/// </summary>
public sealed class VideoFuzzTests
{
    private const int LeastCases = 120;

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    // Where a part goes in a request, and where it then is.
    private static readonly (string Api, string Before, string Behind, string Path)[] Places =
    [
        ("/v1/chat/completions", """ "messages":[{"role":"user","content":[""", "]}]", "messages[0].content[0]"),
        ("/v1/responses", """ "input":[{"role":"user","content":[""", "]}]", "input[0].content[0]"),
        ("/v1/messages", """ "max_tokens":9,"messages":[{"role":"user","content":[""", "]}]", "messages[0].content[0]"),
        ("/v1/responses",
            """ "input":[{"type":"function_call","call_id":"c","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c","output":[""",
            "]}]", "input[1].output[0]"),
    ];

    private static readonly string[] Numbers =
    [
        "0", "1", "2", "4", "31", "60", "61", "-1", "-0.0", "1e-9", "0.001", "0.5", "23.976", "29.97", "1000", "1000.1", "86400", "86401", "1e308", "1e999",
        "-1e999", "2147483648", "9223372036854775808", "1e-400", "null", "\"NaN\"", "\"1\"", "true", "[]", "{}", "[1]", "70", "140", "1120",
    ];

    private static readonly string[] Frames =
    [
        $"\"{Thumb}\"", $"\"{Thumb}\"", $"\"{Thumb}\"", $"\"{Strip}\"", "\"\"", "\"x\"", "null", "7", "{}", "[]", "\"http://127.0.0.1:1/x.png\"", "\"file:///etc/hostname\"",
        "\"data:image/png;base64,\"", "\"data:image/png;base64,aGVsbG8=\"", "\"data:image/png;base64,*\"", "\"data:video/mp4;base64,AAAA\"", "\"data:,\"", "\"\\u0000\"",
    ];

    [Fact]
    public async Task Video_of_hostile_values_is_answered_or_refused_naming_its_part()
    {
        FakeEngine engine = Script.Saying("Nothing.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        int answered = 0, refused = 0;
        var clock = Stopwatch.StartNew();
        for (int seed = 0; seed < LeastCases || clock.Elapsed < 4 * FileMutator.Budget; seed++)
        {
            var random = new Random(seed);
            string part = Part(random);
            (string api, string before, string behind, string path) = Pick(random, Places);
            using HttpResponseMessage response = await ServerUnderTest.PostAsync(
                client, api, $$"""{"model":"{{ServerUnderTest.Model}}",{{before}}{{part}}{{behind}}}""").WaitAsync(Hang, TestContext.Current.CancellationToken);
            string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            string what = part.Replace(Thumb, "THUMB", StringComparison.Ordinal).Replace(Strip, "STRIP", StringComparison.Ordinal);
            if (response.StatusCode == HttpStatusCode.OK)
                answered++;
            else if (Names(JsonElement.Parse(body).GetProperty("error"), path) && response.StatusCode == HttpStatusCode.BadRequest)
                refused++;
            else
                Assert.Fail($"seed {seed}, {api}: {what} gave {(int)response.StatusCode} {body}");
        }
        Assert.True(answered > 0 && refused > 0, $"{answered} answered, {refused} refused");
        Assert.Equal(answered, engine.Requests.Count);
        Assert.All(engine.Requests, r => Assert.InRange(r.Media.Length, 1, FrameSampling.MaxFrames));
    }

    [Theory]
    [InlineData("NaN")]
    [InlineData("Infinity")]
    [InlineData("-Infinity")]
    [InlineData("0x10")]
    [InlineData("1e")]
    public async Task What_is_no_number_of_JSON_is_no_request(string number)
    {
        FakeEngine engine = Script.Saying("Nothing.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        foreach ((string api, string before, string behind, _) in Places)
        {
            async Task<HttpStatusCode> AskAsync(string seconds)
            {
                string part = Video($"[\"{Thumb}\"]", $"\"timestamps\":[{seconds}]");
                using HttpResponseMessage response = await ServerUnderTest.PostAsync(
                    client, api, $$"""{"model":"{{ServerUnderTest.Model}}",{{before}}{{part}}{{behind}}}""");
                return response.StatusCode;
            }

            Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.OK), (await AskAsync(number), await AskAsync("1")));
        }
        Assert.Equal(Places.Length, engine.Requests.Count);
    }

    /// <summary>Whether an error names the part, in its field or, where the API has none, before its message. A wrong MIME type is told without
    /// a field, as OpenAI does.</summary>
    private static bool Names(JsonElement error, string path)
    {
        string message = error.GetProperty("message").GetString()!;
        return message.Contains("Invalid MIME type", StringComparison.Ordinal)
            || message.StartsWith(path, StringComparison.Ordinal)
            || (error.TryGetProperty("param", out JsonElement param) && param.GetString()?.StartsWith(path, StringComparison.Ordinal) == true);
    }

    private static string Part(Random random)
    {
        if (random.Next(8) == 0)
            return $$$"""{"type":"video_url","video_url":{"url":{{{Pick(random, Frames)}}}{{{Fields(random)}}}}}""";
        int count = random.Next(4) == 0 ? random.Next(70) : random.Next(1, 5);
        bool isWhole = random.Next(3) == 0; // and in the others few frames are no images, or nothing behind them would ever be reached
        string[] frames = [.. Enumerable.Range(0, count).Select(_ => isWhole || random.Next(20) > 0 ? Frames[0] : Pick(random, Frames))];
        string times = random.Next(3) == 0 ? $",\"timestamps\":[{string.Join(',', Enumerable.Range(0, random.Next(4) == 0 ? random.Next(70) : count).Select(
            i => random.Next(10) == 0 ? Pick(random, Numbers) : i.ToString(System.Globalization.CultureInfo.InvariantCulture)))}]" : "";
        string beside = random.Next(6) == 0 ? $",\"max_soft_tokens\":{Pick(random, Numbers)}" : "";
        return $$$"""{"type":"video"{{{beside}}},"video":{"frames":[{{{string.Join(',', frames)}}}]{{{times}}}{{{Fields(random)}}}}}""";
    }

    private static string Fields(Random random) => string.Concat(
        new[] { "fps", "num_frames", "max_soft_tokens" }.Where(_ => random.Next(4) == 0).Select(f => $",\"{f}\":{Pick(random, Numbers)}"));

    private static T Pick<T>(Random random, T[] of) => of[random.Next(of.Length)];
}
