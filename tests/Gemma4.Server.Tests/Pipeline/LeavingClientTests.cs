using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Pipeline;

/// <summary>A client that leaves costs one line of the log and no more work, whenever and however it leaves.</summary>
public sealed class LeavingClientTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool, bool> Cases
    {
        get
        {
            var cases = new TheoryData<string, bool, bool>();
            foreach (string api in TextRequests.Apis)
            {
                foreach (bool resets in new[] { false, true })
                {
                    cases.Add(api, true, resets);
                    cases.Add(api, false, resets);
                }
            }
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_client_that_leaves_before_the_first_token_is_one_line(string api, bool streams, bool resets)
    {
        FakeEngine engine = Script.Endless("");
        await using ServerUnderTest server = Server(engine);
        using RawConnection client = await SendAsync(server, api, streams);
        await UntilAsync(() => engine.NumRunning == 1);
        Leave(client, resets);
        await AssertOneLineAsync(server, $"Information: POST {TextRequests.Path(api)} 499 (the client left) in ");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_client_that_leaves_in_the_midst_of_the_answer_is_one_line(string api, bool streams, bool resets)
    {
        FakeEngine engine = Script.Endless("Hello there");
        await using ServerUnderTest server = Server(engine);
        using RawConnection client = await SendAsync(server, api, streams);
        if (streams)
            await client.ReceiveUntilAsync("Hello", Cancelled);
        else
            await Task.Delay(200, Cancelled);
        Leave(client, resets);
        await AssertOneLineAsync(server, $"Information: POST {TextRequests.Path(api)} {(streams ? 200 : 499)} (the client left) in ");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_that_leaves_while_it_sends_its_body_is_one_line(bool resets)
    {
        await using ServerUnderTest server = Server(Script.Saying("x"));
        Uri url = await server.ListeningAsync();
        const int NumClients = 20; // whether the token or the failing read comes first is chance
        for (int i = 0; i < NumClients; i++)
        {
            using RawConnection client = await RawConnection.OpenAsync(url, Cancelled);
            await client.SendAsync(RawConnection.Post("/v1/chat/completions", "{\"model\":\"", announced: 100_000), Cancelled);
            await Task.Delay(50 + 10 * i, Cancelled);
            Leave(client, resets);
        }
        await UntilAsync(() => server.Log.OfRequests.Count > NumClients / 2);
        await Task.Delay(500, Cancelled);
        Assert.InRange(server.Log.OfRequests.Count, 1, NumClients); // a reset may overtake the request
        Assert.All(server.Log.OfRequests, l => Assert.Matches("^Information: POST /v1/chat/completions (499 \\(the client left\\)|400) in \\d+ ms$", l));
        Assert.Empty(server.Engine.Requests);
    }

    [Fact]
    public async Task Several_answers_end_with_their_client()
    {
        FakeEngine engine = Script.Endless("Hello there");
        await using ServerUnderTest server = Server(engine);
        Uri url = await server.ListeningAsync();
        using RawConnection client = await RawConnection.OpenAsync(url, Cancelled);
        string body = $$"""{"model":"{{ServerUnderTest.Model}}","prompt":["a","b","c"],"n":2,"stream":true}""";
        await client.SendAsync(RawConnection.Post("/v1/completions", body), Cancelled);
        await client.ReceiveUntilAsync("Hello", Cancelled);
        Assert.Equal(6, engine.NumRunning);
        client.Dispose();
        await AssertOneLineAsync(server, "Information: POST /v1/completions 200 (the client left) in ");
    }

    private static ServerUnderTest Server(FakeEngine engine) => new(engine);

    private static async Task<RawConnection> SendAsync(ServerUnderTest server, string api, bool streams)
    {
        RawConnection client = await RawConnection.OpenAsync(await server.ListeningAsync(), Cancelled);
        await client.SendAsync(RawConnection.Post(TextRequests.Path(api), TextRequests.Body(api, streams ? ",\"stream\":true" : "")), Cancelled);
        return client;
    }

    private static void Leave(RawConnection client, bool resets)
    {
        if (resets)
            client.Reset();
        else
            client.Dispose();
    }

    private static async Task AssertOneLineAsync(ServerUnderTest server, string line)
    {
        await UntilAsync(() => server.Log.OfRequests.Count > 0);
        await Task.Delay(100, Cancelled);
        Assert.StartsWith(line, Assert.Single(server.Log.OfRequests), StringComparison.Ordinal);
        await UntilAsync(() => server.Engine.NumRunning == 0);
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        for (int i = 0; i < 500 && !condition(); i++)
            await Task.Delay(20, Cancelled);
        Assert.True(condition());
    }
}
