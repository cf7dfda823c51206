using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Limits;

/// <summary>Limits of keys over HTTP, in each API's words. The clock is the test's.</summary>
public sealed class KeyLimitsTests : IDisposable
{
    private const string Chat = """{"model":"gemma-4-demo","max_tokens":50,"messages":[{"role":"user","content":"Hi"}]}""";

    private readonly TemporaryFolder _folder = new();
    private readonly FakeTimeProvider _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Headers_tell_how_requests_and_tokens_stand()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"requests_per_minute\": 60, \"tokens_per_minute\": 1000");
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        int prompt = server.Engine.Requests.First().PromptTokenIds.Length;
        Assert.Equal("60", Header(response, "x-ratelimit-limit-requests"));
        Assert.Equal("59", Header(response, "x-ratelimit-remaining-requests"));
        Assert.Equal("1s", Header(response, "x-ratelimit-reset-requests"));
        Assert.Equal("1000", Header(response, "x-ratelimit-limit-tokens"));
        Assert.Equal($"{1000 - prompt - 50}", Header(response, "x-ratelimit-remaining-tokens"));
        Assert.EndsWith("s", Header(response, "x-ratelimit-reset-tokens"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tokens_that_were_not_needed_come_back_at_the_end()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"tokens_per_minute\": 1000");
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        int used = (await ServerUnderTest.JsonAsync(response)).GetProperty("usage").GetProperty("total_tokens").GetInt32();
        Assert.True(used < 50);

        // The account is settled behind the answer.
        string remaining = "";
        for (int i = 0; i < 1000 && remaining != $"{1000 - used}"; i++)
        {
            using HttpResponseMessage next = await ServerUnderTest.PostAsync(client, "/tokenize", """{"prompt":"a"}""");
            remaining = Header(next, "x-ratelimit-remaining-tokens");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
        Assert.Equal($"{1000 - used}", remaining);
    }

    [Fact]
    public async Task Requests_beyond_the_limit_get_OpenAIs_429_until_they_flow_off()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"requests_per_minute\": 2");
        using HttpClient client = await ClientAsync(server);
        for (int i = 0; i < 2; i++)
            Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat)).StatusCode);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        Assert.Equal(HttpStatusCode.TooManyRequests, response.StatusCode);
        Assert.Equal(("30", "30000"), (Header(response, "retry-after"), Header(response, "retry-after-ms")));
        Assert.Equal(("0", "1m0s"), (Header(response, "x-ratelimit-remaining-requests"), Header(response, "x-ratelimit-reset-requests")));
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal(("requests", "rate_limit_exceeded", JsonValueKind.Null), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString(), error.GetProperty("param").ValueKind));
        Assert.Equal(
            "Rate limit reached for key 'alice' on requests per min: Limit 2, Used 2, Requested 1. Please try again in 30s.", error.GetProperty("message").GetString());

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode); // costs nothing
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat)).StatusCode);
    }

    [Fact]
    public async Task Anthropics_and_Ollamas_paths_refuse_in_their_own_shape()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"requests_per_minute\": 1");
        using HttpClient client = await ClientAsync(server);
        Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat)).StatusCode);
        using HttpResponseMessage anthropic = await ServerUnderTest.PostAsync(client, "/v1/messages", "{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "60"), (anthropic.StatusCode, Header(anthropic, "retry-after")));
        Assert.Equal("rate_limit_error", (await ServerUnderTest.JsonAsync(anthropic)).GetProperty("error").GetProperty("type").GetString());
        using HttpResponseMessage ollama = await ServerUnderTest.PostAsync(client, "/api/chat", "{}");
        Assert.Equal((HttpStatusCode.TooManyRequests, "60"), (ollama.StatusCode, Header(ollama, "retry-after")));
        Assert.StartsWith("Rate limit reached", (await ServerUnderTest.JsonAsync(ollama)).GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prompt_and_asked_for_output_beyond_the_limit_reach_no_engine()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"tokens_per_minute\": 55");
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        Assert.Equal((HttpStatusCode.TooManyRequests, "false"), (response.StatusCode, Header(response, "x-should-retry")));
        Assert.False(response.Headers.Contains("retry-after"));
        Assert.Equal("tokens", (await ServerUnderTest.JsonAsync(response)).GetProperty("error").GetProperty("type").GetString());
        Assert.Empty(server.Engine.Requests);
        // Without a maximum the answer is counted when it is there.
        using HttpResponseMessage open = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat.Replace("\"max_tokens\":50,", "", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
    }

    [Fact]
    public async Task One_key_at_its_limit_leaves_others_alone()
    {
        await using ServerUnderTest server = Server(Script.Endless("Hello"), "\"max_concurrent\": 1", ", {\"name\": \"bob\", \"key\": \"sk-bob\"}");
        using HttpClient client = await ClientAsync(server);
        Task<HttpResponseMessage> first = ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        for (int i = 0; server.Engine.Requests.IsEmpty && i < 1000; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        using HttpResponseMessage second = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        Assert.Equal((HttpStatusCode.TooManyRequests, "1"), (second.StatusCode, Header(second, "retry-after")));
        Assert.Contains("concurrent requests: Limit 1", (await ServerUnderTest.JsonAsync(second)).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-bob");
        using HttpResponseMessage other = await ServerUnderTest.PostAsync(client, "/tokenize", """{"prompt":"a"}""");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
        await server.Engine.DrainAsync(new CancellationToken(canceled: true));
        (await first).Dispose();
    }

    [Fact]
    public async Task Key_may_use_its_models_and_sees_no_others()
    {
        _folder.Write("keys.json", """{"keys": [{"name": "alice", "key": "sk-alice", "models": ["small"]}]}""");
        await using var server = new ServerUnderTest(
            Script.Saying("Hello."), ("Server:ApiKeyFile", _folder["keys.json"]), ("Model:ServedNames:0", "large"), ("Model:ServedNames:1", "small"))
        { Time = _time };
        using HttpClient client = await ClientAsync(server);
        string Of(string model) => Chat.Replace("gemma-4-demo", model, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Of("small"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Of("small:latest"))).StatusCode);
        using HttpResponseMessage refused = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Of("large"));
        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Contains("serves 'small'.", (await ServerUnderTest.JsonAsync(refused)).GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await ServerUnderTest.PostAsync(client, "/tokenize", """{"prompt":"a"}""")).StatusCode); // means the first

        foreach ((string path, string list) in new[] { ("/v1/models", "data"), ("/api/tags", "models") })
        {
            using HttpResponseMessage models = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal(1, (await ServerUnderTest.JsonAsync(models)).GetProperty(list).GetArrayLength());
        }
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync("/v1/models/large", TestContext.Current.CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData(0, -7, -7)]
    [InlineData(5, 0, 5)]
    [InlineData(5, -100, 5)]
    [InlineData(5, 2, 7)]
    [InlineData(-5, 0, -5)]
    [InlineData(int.MaxValue, int.MaxValue, int.MaxValue)]
    public async Task Priority_of_a_key_is_a_place_that_its_requests_cannot_get_before(int ofKey, int asked, int expected)
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), $"\"priority\": {ofKey}");
        using HttpClient client = await ClientAsync(server);
        await ServerUnderTest.PostAsync(client, "/v1/chat/completions", $$"""{"priority":{{asked}},{{Chat[1..]}}""");
        GenerationRequest request = Assert.Single(server.Engine.Requests);
        Assert.Equal(expected, request.Priority);
    }

    [Fact]
    public async Task Response_in_the_background_counts_too()
    {
        await using ServerUnderTest server = Server(Script.Endless("Hello"), "\"tokens_per_minute\": 1000, \"max_concurrent\": 1");
        using HttpClient client = await ClientAsync(server);
        using HttpResponseMessage made = await ServerUnderTest.PostAsync(
            client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi","background":true,"max_output_tokens":300}""");
        Assert.Equal(HttpStatusCode.OK, made.StatusCode);
        Assert.InRange(int.Parse(Header(made, "x-ratelimit-remaining-tokens"), System.Globalization.CultureInfo.InvariantCulture), 1, 700);
        using HttpResponseMessage second = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat);
        Assert.Equal(HttpStatusCode.TooManyRequests, second.StatusCode);
        await server.Engine.DrainAsync(new CancellationToken(canceled: true));
    }

    [Fact]
    public async Task Metrics_tell_usage_by_name_and_never_the_key()
    {
        await using ServerUnderTest server = Server(Script.Saying("Hello."), "\"requests_per_minute\": 1");
        using HttpClient client = await ClientAsync(server);
        for (int i = 0; i < 2; i++)
            (await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Chat)).Dispose();
        Scrape scrape = await Scrape.OfAsync(client);
        for (int i = 0; i < 1000 && scrape.Sum("gemma4_key_tokens_total") == 0; i++)
        {
            await Task.Delay(10, TestContext.Current.CancellationToken);
            scrape = await Scrape.OfAsync(client);
        }
        Assert.Equal(1, scrape.Sum("gemma4_key_requests_total", "key=\"alice\""));
        Assert.Equal(1, scrape.Sum("gemma4_key_refusals_total", "key=\"alice\"", "limit=\"requests\""));
        Assert.True(scrape.Sum("gemma4_key_tokens_total", "type=\"input\"") > 5);
        Assert.Equal(ServerUnderTest.Tokenizer.Encode("Hello.").Length + 1, scrape.Sum("gemma4_key_tokens_total", "type=\"output\""));
        Assert.DoesNotContain("sk-alice", scrape.Text, StringComparison.Ordinal);
    }

    private static string Header(HttpResponseMessage response, string name) => Assert.Single(response.Headers.GetValues(name));

    private static async Task<HttpClient> ClientAsync(ServerUnderTest server)
    {
        HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "sk-alice");
        return client;
    }

    private ServerUnderTest Server(FakeEngine engine, string limits, string others = "") => new(
        engine, ("Server:ApiKeyFile", _folder.Write("keys.json", $$"""{"keys": [{"name": "alice", "key": "sk-alice", {{limits}}}{{others}}]}""")))
    {
        Time = _time,
        TakesItsAnswers = false,
    };
}
