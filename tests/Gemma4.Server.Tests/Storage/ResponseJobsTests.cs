using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>Responses in the background over servers that die, on each database.</summary>
public sealed class ResponseJobsTests(PostgresServer postgres)
{
    private static readonly ResponseRequest Request = new() { Model = "m", Input = new ResponseInput { Text = "Hi" }, Background = true };

    private static readonly TimeSpan Lease = TimeSpan.FromSeconds(31);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Databases() => ["memory", "sqlite", "postgres"];

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_promised_response_is_taken_over_once_its_server_is_silent_and_written_once(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        ResponseJob first = await storage.Of("me").QueueAsync(SampleResponses.Queued("a"), Request, Cancelled);
        Assert.True((await storage.Of("me").ProgressAsync("a", Cancelled))!.IsRunning);
        Assert.Null(await storage.Jobs.ClaimAsync(["m"], Cancelled));
        storage.Time.Advance(Lease / 2);
        Assert.Equal(JobState.Held, await first.RenewAsync(SampleResponses.Queued("a").Response, 0, [], Cancelled));
        storage.Time.Advance(Lease / 2);
        Assert.Null(await storage.Jobs.ClaimAsync(["m"], Cancelled));
        storage.Time.Advance(Lease);
        Assert.Null(await storage.Jobs.ClaimAsync(["another model"], Cancelled));
        ClaimedResponse claimed = (await storage.Jobs.ClaimAsync(["another model", "m"], Cancelled))!;
        Assert.Equal((2, 0, "Hi", "a"), (claimed.Attempt, claimed.NumEvents, claimed.Input[0].Content!.Text, claimed.Queued.Id));
        Assert.Null(await storage.Jobs.ClaimAsync(null, Cancelled));
        // The first one was only slow: what it made counts no more.
        Assert.Equal(JobState.Lost, await first.RenewAsync(SampleResponses.Of("a").Response, 0, [], Cancelled));
        Assert.False(await first.CompleteAsync(SampleResponses.Of("a").Response, 0, [Event(0)], Cancelled));
        Assert.Equal("queued", (await storage.Of("me").FindAsync("a", Cancelled))!.Status);
        Assert.True(await claimed.Job.CompleteAsync(SampleResponses.Of("a").Response, 0, [Event(0), Event(1)], Cancelled));
        Assert.False(await claimed.Job.CompleteAsync(SampleResponses.Of("a").Response, 0, [Event(0)], Cancelled));
        ResponseProgress done = (await storage.Of("me").ProgressAsync("a", Cancelled))!;
        Assert.Equal((false, "completed", "out-a"), (done.IsRunning, done.Response.Status, done.Response.Output[0].Id));
        Assert.Equal([1], (await storage.Of("me").EventsAsync("a", 1, Cancelled))!.Value.Select(e => e.SequenceNumber));
        Assert.Equal(["in-a", "out-a"], (await storage.Of("me").ConversationAsync("a", Cancelled))!.Items.Select(i => i.Id));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task One_that_is_given_back_is_taken_at_once_and_does_not_count_as_a_try(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        ResponseJob job = await storage.Of("me").QueueAsync(SampleResponses.Queued("a"), Request, Cancelled);
        await job.RenewAsync(SampleResponses.Queued("a").Response, 0, [Event(0)], Cancelled);
        Assert.True(await job.ReleaseAsync(SampleResponses.Queued("a").Response, TimeSpan.Zero, counts: false, Cancelled));
        storage.Time.Advance(TimeSpan.FromMilliseconds(1));
        ClaimedResponse claimed = (await storage.Jobs.ClaimAsync(["m"], Cancelled))!;
        Assert.Equal((1, 0), (claimed.Attempt, claimed.NumEvents));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Cancelling_reaches_whoever_makes_it_and_ends_what_nobody_makes(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        ResponseJob job = await storage.Of("me").QueueAsync(SampleResponses.Queued("a"), Request, Cancelled);
        Assert.True((await storage.Of("me").CancelAsync("a", Cancelled))!.IsRunning);
        Assert.Equal(JobState.Cancelled, await job.RenewAsync(SampleResponses.Queued("a").Response, 0, [], Cancelled));
        storage.Time.Advance(Lease);
        ResponseProgress ended = (await storage.Of("me").CancelAsync("a", Cancelled))!;
        Assert.Equal((false, "cancelled"), (ended.IsRunning, ended.Response.Status));
        Assert.False(await job.CompleteAsync(SampleResponses.Of("a").Response, 0, [], Cancelled));
        Assert.Equal("cancelled", (await storage.Of("me").FindAsync("a", Cancelled))!.Status);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_deleted_response_is_made_no_more(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        ResponseJob job = await storage.Of("me").QueueAsync(SampleResponses.Queued("a"), Request, Cancelled);
        Assert.True(await storage.Of("me").RemoveAsync("a", Cancelled));
        Assert.Equal(JobState.Lost, await job.RenewAsync(SampleResponses.Queued("a").Response, 0, [], Cancelled));
        storage.Time.Advance(Lease);
        Assert.Null(await storage.Jobs.ClaimAsync(["m"], Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Replicas_that_ask_at_once_get_each_job_once(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        for (int i = 0; i < 20; i++)
            await storage.Of($"{i % 4}").QueueAsync(SampleResponses.Queued($"r{i}"), Request, Cancelled);
        storage.Time.Advance(Lease);
        ClaimedResponse?[] claimed = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => storage.Jobs.ClaimAsync(["m"], Cancelled)));
        string[] ids = [.. claimed.OfType<ClaimedResponse>().Select(c => c.Queued.Id)];
        Assert.Equal((20, 20), (ids.Length, ids.Distinct().Count()));
    }

    private static ResponseStreamEvent Event(int number) => new() { Type = "response.output_text.delta", SequenceNumber = number, Delta = "a\nb" };
}
