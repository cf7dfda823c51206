using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Server.Hosting;
using Gemma4.Server.Serving;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>What probes are told, and what becomes of a server whose engine is lost. The clock is the test's.</summary>
public sealed class HealthEndpointsTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public async Task Health_follows_the_model_and_the_engine()
    {
        var gate = new TaskCompletionSource();
        FakeEngine engine = FakeEngine.Saying();
        await using var server = new ServerUnderTest(engine) { MayLoad = gate.Task, Time = _time };
        using HttpClient client = server.CreateClient();
        await AssertAsync(client, "loading", live: 200, started: 503, ready: 503);
        gate.SetResult();
        await server.ReadyClientAsync();
        await AssertAsync(client, "ok", live: 200, started: 200, ready: 200);
        engine.Health = new EngineHealth(EngineState.Degraded, "a step failed");
        await AssertAsync(client, "degraded", live: 200, started: 200, ready: 200);
        engine.Health = new EngineHealth(EngineState.Stalled, "a step hangs");
        await AssertAsync(client, "stalled", live: 503, started: 200, ready: 503);
        engine.Health = new EngineHealth(EngineState.Draining, "stopping");
        await AssertAsync(client, "draining", live: 200, started: 200, ready: 503);
        engine.Health = new EngineHealth(EngineState.Failed, "steps failed");
        await AssertAsync(client, "failed", live: 503, started: 200, ready: 503);
    }

    [Fact]
    public async Task Requests_are_refused_while_a_step_hangs()
    {
        FakeEngine engine = FakeEngine.Saying();
        await using var server = new ServerUnderTest(engine) { Time = _time };
        using HttpClient client = await server.ReadyClientAsync();
        engine.Health = new EngineHealth(EngineState.Stalled, "a step hangs");
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, TextRequests.Path("chat"), TextRequests.Body("chat"));
        Assert.Equal(503, (int)response.StatusCode);
        Assert.Contains("a step hangs", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failed_engine_ends_the_process_with_3()
    {
        FakeEngine engine = FakeEngine.Saying();
        await using var server = new ServerUnderTest(engine) { Time = _time };
        using HttpClient client = await server.ReadyClientAsync();
        _time.Advance(EngineWatch.Interval);
        Assert.False(IsStopping(server));
        engine.Health = new EngineHealth(EngineState.Failed, "steps failed");
        _time.Advance(EngineWatch.Interval);
        Assert.True(IsStopping(server));
        ModelHost host = server.Services.GetRequiredService<ModelHost>();
        Assert.Equal(3, ServerRun.ExitCode(ExitCodes.Done, host));
        Assert.Contains(server.Log.Events, e => e.RenderMessage().Contains("steps failed", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Step_that_hangs_has_its_time_once_more_before_the_process_ends()
    {
        FakeEngine engine = FakeEngine.Saying();
        await using var server = new ServerUnderTest(engine, ("Engine:StepTimeout", "00:01:00")) { Time = _time };
        using HttpClient client = await server.ReadyClientAsync();
        engine.Health = new EngineHealth(EngineState.Stalled, "a step hangs");
        Seconds(50);
        engine.Health = EngineHealth.Ready; // it came back
        Seconds(1);
        engine.Health = new EngineHealth(EngineState.Stalled, "a step hangs");
        Seconds(60);
        Assert.False(IsStopping(server));
        Seconds(1);
        Assert.True(IsStopping(server));
        Assert.Equal(3, ServerRun.ExitCode(ExitCodes.Done, server.Services.GetRequiredService<ModelHost>()));
    }

    [Fact]
    public async Task Model_whose_first_step_fails_is_not_served()
    {
        await using var well = new LedgerEngine();
        await WarmUp.RunAsync(well.Engine, [1], TestContext.Current.CancellationToken);
        await using var broken = new LedgerEngine(
            new EngineOptions { MaxSequences = 8, MaxTokensPerStep = 64, BlockSize = 4, MaxContextLength = 256 }, beforeStep: _ => throw new InvalidOperationException("injected"));
        InvalidDataException fault = await Assert.ThrowsAsync<InvalidDataException>(() => WarmUp.RunAsync(broken.Engine, [1], TestContext.Current.CancellationToken));
        Assert.StartsWith("The model's first step failed", fault.Message, StringComparison.Ordinal);
    }

    private static bool IsStopping(ServerUnderTest server) => server.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested;

    private static async Task AssertAsync(HttpClient client, string status, int live, int started, int ready)
    {
        foreach ((string path, int expected) in new[] { ("/health/live", live), ("/health/started", started), ("/health/ready", ready), ("/health", ready) })
        {
            using HttpResponseMessage response = await client.GetAsync(path, TestContext.Current.CancellationToken);
            Assert.Equal((path, expected, status), (path, (int)response.StatusCode, (await ServerUnderTest.JsonAsync(response)).GetProperty("status").GetString()));
            using var head = new HttpRequestMessage(HttpMethod.Head, path);
            Assert.Equal(expected, (int)(await client.SendAsync(head, TestContext.Current.CancellationToken)).StatusCode);
        }
    }

    private void Seconds(int count)
    {
        for (int i = 0; i < count; i++)
            _time.Advance(EngineWatch.Interval);
    }
}
