extern alias LoadTest;

using System.Diagnostics;
using LoadTest::Gemma4.LoadTest.Soak;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Gemma4.Server.Tests.Soak;

/// <summary>The soak sees what a server does wrong.</summary>
public sealed class SoakClientTests
{
    private const string Whole = """{"choices":[{"message":{"content":"Paris."},"finish_reason":"stop"}]}""";
    private const string Chunk = """data: {"choices":[{"delta":{"content":"Paris."},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Frame = """data: {"error":{"message":"The engine failed."}}""" + "\n\n";

    [Theory]
    [InlineData(200, false, Whole, nameof(SoakEnd.Answered), true)]
    [InlineData(200, false, """{"choices":[{"message":{"content":"Rome."},"finish_reason":"stop"}]}""", nameof(SoakEnd.Answered), false)]
    [InlineData(200, false, """{"choices":[{"message":{"content":"Paris."},"finish_reason":null}]}""", nameof(SoakEnd.Wrong), null)]
    [InlineData(200, false, """{"choices":[{"mess""", nameof(SoakEnd.Wrong), null)]
    [InlineData(200, true, Chunk + "data: [DONE]\n\n", nameof(SoakEnd.Answered), true)]
    [InlineData(200, true, Chunk, nameof(SoakEnd.Wrong), null)]
    [InlineData(200, true, Chunk + Frame, nameof(SoakEnd.Wrong), null)]
    [InlineData(429, false, """{"error":{"message":"Full."}}""", nameof(SoakEnd.Refused), null)]
    [InlineData(429, false, "Full.", nameof(SoakEnd.Wrong), null)]
    [InlineData(503, false, """{"error":{"message":"Stopping."}}""", nameof(SoakEnd.Wrong), null)]
    [InlineData(500, false, """{"error":{"message":"Oh."}}""", nameof(SoakEnd.Wrong), null)]
    public async Task Answer_is_judged(int status, bool stream, string body, string end, bool? isEqual)
    {
        SoakResult result = await AskAsync(new Interruptions(), status, stream, body);
        Assert.Equal((end, isEqual), (result.End.ToString(), result.IsEqual));
    }

    [Theory]
    [InlineData(503, false, """{"error":{"message":"Stopping."}}""", nameof(SoakEnd.Stopped))]
    [InlineData(200, true, Chunk + Frame, nameof(SoakEnd.Stopped))]
    [InlineData(200, true, Chunk, nameof(SoakEnd.Wrong))]
    public async Task While_the_server_stops_clear_errors_are_right_and_cut_answers_are_not(int status, bool stream, string body, string end)
    {
        var interruptions = new Interruptions();
        interruptions.Begin();
        Assert.Equal(end, (await AskAsync(interruptions, status, stream, body)).End.ToString());
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_wrong_unless_it_was_stopped()
    {
        var interruptions = new Interruptions();
        using var client = new SoakClient(SoakServer.FreeAddress(), "key", interruptions);
        Assert.Equal(SoakEnd.Wrong, (await client.AskAsync(SoakQuestions.All(1)[0], stream: false, TestContext.Current.CancellationToken)).End);
        interruptions.Begin();
        Assert.Equal(SoakEnd.NotTaken, (await client.AskAsync(SoakQuestions.All(1)[0], stream: false, TestContext.Current.CancellationToken)).End);
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(3, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    public void Growth_is_seen(int memoryASecond, int threadsASecond, int filesASecond)
    {
        var life = new SoakLife();
        for (int second = 0; second < 300; second++)
            life.Add(new SoakSample(second * Stopwatch.Frequency, 500 + second * memoryASecond, 30 + second * threadsASecond, 300 + second * filesASecond, second % 100));
        Assert.Equal(memoryASecond + threadsASecond + filesASecond > 0 ? 1 : 0, life.Growth().Count());
    }

    private static async Task<SoakResult> AskAsync(Interruptions interruptions, int status, bool stream, string body)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using WebApplication server = builder.Build();
        server.Run(async context =>
        {
            context.Response.StatusCode = status;
            context.Response.ContentType = stream ? "text/event-stream" : "application/json";
            context.Response.Headers.RetryAfter = "1";
            await context.Response.WriteAsync(body, context.RequestAborted);
        });
        await server.StartAsync(TestContext.Current.CancellationToken);
        using var client = new SoakClient(new Uri(server.Urls.First()), "key", interruptions);
        SoakQuestion question = SoakQuestions.All(1)[0];
        question.Alone = "Paris.||stop";
        return await client.AskAsync(question, stream, TestContext.Current.CancellationToken);
    }
}
