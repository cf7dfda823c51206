using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>How much media the server takes on at once.</summary>
public sealed class MediaAdmissionTests
{
    private static readonly string Thumb = TestMedia.DataUrl("thumb.png", "image/png");

    public static TheoryData<string> Apis() => [.. MediaRequests.Apis];

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Bytes_that_media_hold_are_returned_however_the_request_ends(string api)
    {
        await using var server = new ServerUnderTest(Script.Saying("An image."));
        using HttpClient client = await server.ReadyClientAsync();
        MediaBudget budget = server.Services.GetRequiredService<MediaBudget>();
        string good = MediaRequests.Image(api, Thumb), bad = MediaRequests.Image(api, "data:image/png;base64,AAAA");
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(client, api, good)).Status);
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(client, api, $"{good},{bad}")).Status);
        for (int i = 0; budget.Bytes.Held > 0 && i < 500; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal(0, budget.Bytes.Held);
    }

    [Fact]
    public async Task Media_of_running_answers_count_and_a_request_for_which_no_room_is_left_is_a_429()
    {
        var gate = new TaskCompletionSource();
        FakeEngine engine = Script.Gated("An image.", (_, cancelled) => gate.Task.WaitAsync(cancelled));
        await using var server = new ServerUnderTest(engine, ("Media:MaxBytesInFlight", $"{64 << 20}"));
        using HttpClient client = await server.ReadyClientAsync();
        string image = MediaRequests.Image("chat", Thumb, ",\"max_soft_tokens\":1120"); // up to 31 MB each
        Task<(HttpStatusCode Status, JsonElement Body)>[] running = [AskAsync(client, "chat", image), AskAsync(client, "chat", image)];
        for (int i = 0; engine.Requests.Count < 2 && i < 1000; i++)
            await Task.Delay(10, TestContext.Current.CancellationToken);
        Assert.Equal(2, engine.Requests.Count);

        (HttpStatusCode status, JsonElement body) = await AskAsync(client, "chat", image);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Contains("Media:MaxBytesInFlight", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        (status, body) = await AskAsync(client, "chat", $"{image},{image},{image}");
        Assert.Equal(HttpStatusCode.TooManyRequests, status);

        gate.SetResult();
        Assert.All(await Task.WhenAll(running), answer => Assert.Equal(HttpStatusCode.OK, answer.Status));
        (status, body) = await AskAsync(client, "chat", $"{image},{image},{image}");
        Assert.Equal((HttpStatusCode.BadRequest, "media_too_large"), (status, body.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task A_full_queue_of_the_engine_refuses_before_base64_is_decoded()
    {
        FakeEngine engine = Script.Saying("never");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        string broken = MediaRequests.Image("chat", "data:image/png;base64,====");
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(client, "chat", broken)).Status);
        engine.EarlyRejection = new RequestRejectedException(RejectionReason.QueueFull, "full");
        Assert.Equal(HttpStatusCode.TooManyRequests, (await AskAsync(client, "chat", broken)).Status);
    }

    [Fact]
    public async Task More_images_than_may_wait_for_a_decoding_thread_are_refused_before_they_are_decoded()
    {
        await using var server = new ServerUnderTest(Script.Saying("An image."), ("Media:MaxQueuedItems", "1"));
        using HttpClient client = await server.ReadyClientAsync();
        DecodeThreads threads = server.Services.GetRequiredService<DecodeThreads>();
        using var gate = new ManualResetEventSlim();
        CancellationToken token = TestContext.Current.CancellationToken;
        var busy = new List<Task<bool>>();
        for (int i = 0; i < 200; i++) // every thread, and the one place in the queue
        {
            Task<bool> work = threads.RunAsync(() => gate.Wait(TimeSpan.FromSeconds(30)), token);
            if (work.IsFaulted)
            {
                Assert.Equal(RejectionReason.QueueFull, (await Assert.ThrowsAsync<RequestRejectedException>(() => work)).Reason);
                if (busy.Count >= Math.Max(1, Environment.ProcessorCount - 1) + 1)
                    break; // each thread has its work and the queue has its one
            }
            else
            {
                busy.Add(work);
            }
            await Task.Delay(10, token);
        }
        string broken = MediaRequests.Image("chat", "data:image/png;base64,====");
        (HttpStatusCode status, JsonElement body) = await AskAsync(client, "chat", broken);
        Assert.Equal(HttpStatusCode.TooManyRequests, status);
        Assert.Contains("Media:MaxQueuedItems", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        gate.Set();
        await Task.WhenAll(busy);
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(client, "chat", MediaRequests.Image("chat", Thumb))).Status);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpClient client, string api, string parts)
    {
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), MediaRequests.Body(api, parts));
        return (response.StatusCode, await ServerUnderTest.JsonAsync(response));
    }
}
