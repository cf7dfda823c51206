using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Serilog.Events;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>The one line that is logged of a request tells what it cost.</summary>
public sealed partial class RequestLoggingTests
{
    private const string Answer = "The capital of France is Paris.";

    public static TheoryData<string, bool> Calls() =>
        [.. TextRequests.Apis.SelectMany(api => new[] { false, true }.Select(streams => new TheoryDataRow<string, bool>(api, streams)))];

    [Theory]
    [MemberData(nameof(Calls))]
    public async Task Line_tells_tokens_and_their_speed(string api, bool streams)
    {
        await using var server = new ServerUnderTest(Script.Saying(Answer)) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, TextRequests.Path(api), TextRequests.Body(api, streams ? ",\"stream\":true" : ""));
        await response.Content.ReadAsStringAsync(Cancelled);

        string line = await LineAsync(server);
        Match match = Counts().Match(line);
        Assert.True(match.Success, line);
        Assert.Equal($"Information: POST {TextRequests.Path(api)} 200", match.Groups["begin"].Value);
        Assert.Equal(server.Engine.Requests.Single().PromptTokenIds.Length, Number(match, "in"));
        Assert.Equal(ServerUnderTest.Tokenizer.Encode(Answer).Length + 1, Number(match, "out"));
        Assert.Equal(0, Number(match, "cached"));
    }

    [Fact]
    public async Task Many_prompts_are_counted_together_and_once()
    {
        await using var server = new ServerUnderTest(Script.Saying(Answer)) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, "/v1/completions", $$"""{"model":"{{ServerUnderTest.Model}}","prompt":["One","Two and three"],"n":2}""");
        JsonElement usage = (await ServerUnderTest.JsonAsync(response)).GetProperty("usage");

        Match match = Counts().Match(await LineAsync(server));
        Assert.Equal(usage.GetProperty("prompt_tokens").GetInt32(), Number(match, "in"));
        Assert.Equal(usage.GetProperty("completion_tokens").GetInt32(), Number(match, "out"));
    }

    [Fact]
    public async Task Cached_tokens_are_told_and_every_count_is_a_property_too()
    {
        await using var server = new ServerUnderTest(new FakeEngine((_, _) => Cached())) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, TextRequests.Path("chat"), TextRequests.Body("chat"));

        Assert.Contains(" (7 cached), 2 out, first after ", await LineAsync(server), StringComparison.Ordinal);
        LogEvent logged = server.Log.Events.Single(e => e.Properties.ContainsKey("CachedTokens"));
        Assert.Equal("7", logged.Properties["CachedTokens"].ToString());
        Assert.Equal("2", logged.Properties["OutputTokens"].ToString());
        Assert.Equal($"{server.Engine.Requests.Single().PromptTokenIds.Length}", logged.Properties["InputTokens"].ToString());
        Assert.True(logged.Properties.ContainsKey("FirstTokenMs") && logged.Properties.ContainsKey("TokensPerSecond"));
    }

    [Fact]
    public async Task Time_to_the_first_token_and_tokens_a_second_are_those_of_the_engine()
    {
        // The first token comes after 300 ms, then one every 100 ms at most.
        await using var server = new ServerUnderTest(Script.Gated(Answer, (i, cancelled) => Task.Delay(i == 0 ? 300 : 100, cancelled))) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, TextRequests.Path("chat"), TextRequests.Body("chat"));

        Match match = Counts().Match(await LineAsync(server));
        Assert.InRange(Number(match, "first"), 290, 60_000);
        int output = ServerUnderTest.Tokenizer.Encode(Answer).Length + 1;
        Assert.InRange(Number(match, "rate"), 0.01, 11d * (output - 1) / (output - 2)); // the end of the turn comes at once
    }

    [Fact]
    public async Task Request_that_generates_nothing_tells_no_tokens()
    {
        await using var server = new ServerUnderTest(Script.Saying(Answer)) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        await client.GetStringAsync("/v1/models", Cancelled);
        using HttpResponseMessage refused = await ServerUnderTest.PostAsync(client, TextRequests.Path("chat"), "{}");
        for (int i = 0; server.Log.OfRequests.Count < 2 && i < 1000; i++)
            await Task.Delay(10, Cancelled);
        Assert.Matches("^Information: GET /v1/models 200 in \\d+ ms$", server.Log.OfRequests[0]);
        Assert.Matches("^Information: POST /v1/chat/completions 400 in \\d+ ms$", server.Log.OfRequests[1]);
    }

    [Fact]
    public async Task Client_that_leaves_is_told_with_what_it_had()
    {
        await using var server = new ServerUnderTest(Script.Endless(Answer)) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        using var leave = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, TextRequests.Path("chat"))
        {
            Content = new StringContent(TextRequests.Body("chat", ",\"stream\":true"), System.Text.Encoding.UTF8, "application/json"),
        };
        using (HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, leave.Token))
        {
            await (await response.Content.ReadAsStreamAsync(Cancelled)).ReadExactlyAsync(new byte[1], Cancelled);
            await leave.CancelAsync();
        }
        Assert.Matches("200 \\(the client left\\) in \\d+ ms, \\d+ tokens in \\(0 cached\\), \\d+ out, first after ", await LineAsync(server));
    }

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    private static async IAsyncEnumerable<TokenEvent> Cached()
    {
        await Task.Yield();
        yield return new TokenEvent { SequenceIndex = 0, TokenId = ServerUnderTest.Tokenizer.Encode("x")[0], NumCachedTokens = 7 };
        yield return new TokenEvent { SequenceIndex = 0, TokenId = Script.EndOfTurn, NumCachedTokens = 7, FinishReason = FinishReason.Stop };
    }

    /// <summary>The line comes when the answer has gone.</summary>
    private static async Task<string> LineAsync(ServerUnderTest server)
    {
        for (int i = 0; server.Log.OfRequests.Count == 0 && i < 1000; i++)
            await Task.Delay(10, Cancelled);
        return Assert.Single(server.Log.OfRequests);
    }

    private static double Number(Match match, string name) => double.Parse(match.Groups[name].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^(?<begin>.*) in \d+ ms, (?<in>\d+) tokens in \((?<cached>\d+) cached\), (?<out>\d+) out, first after (?<first>\d+) ms, (?<rate>\d+\.\d) tokens/s$")]
    private static partial Regex Counts();
}
