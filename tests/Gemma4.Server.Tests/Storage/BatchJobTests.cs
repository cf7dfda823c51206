using System.Text;
using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.Storage;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>Batches between servers, on each database: whoever holds the lease writes, and each line is answered once.</summary>
public sealed class BatchJobTests(PostgresServer postgres)
{
    private static readonly Caller Me = new("me");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Kinds => ["memory", "sqlite", "postgres"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task What_one_server_answered_another_finishes(string kind)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(kind, postgres);
        await AddAsync(storage, "batch_1", "the lines");
        Assert.Null(await storage.Batches.ClaimAsync(["other"], [], Cancelled));
        Assert.Null(await storage.Batches.ClaimAsync(["m"], ["me", "you"], Cancelled));
        BatchJob first = (await storage.Batches.ClaimAsync(["m"], ["you"], Cancelled))!;
        Assert.Null(await storage.Batches.ClaimAsync(null, [], Cancelled));
        Assert.Equal("lines", Encoding.UTF8.GetString(await first.ReadInputAsync(4, 5, Cancelled)));
        await first.UpdateAsync(batch => batch with { Status = BatchStatus.InProgress }, Cancelled);
        Assert.True(await first.AddAsync([Answer(3, ItemRole.Output), Answer(1, ItemRole.Failed)], Cancelled));
        storage.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(JobState.Held, await first.RenewAsync(new BatchCounts(5, 1, 1), Cancelled));
        storage.Time.Advance(TimeSpan.FromSeconds(31));

        BatchJob second = (await storage.Batches.ClaimAsync(null, [], Cancelled))!;
        Assert.Equal((BatchStatus.InProgress, new BatchCounts(5, 1, 1)), (second.Found.Status, second.Found.RequestCounts));
        Assert.False(await first.AddAsync([Answer(2, ItemRole.Output)], Cancelled));
        Assert.Equal(JobState.Lost, await first.RenewAsync(null, Cancelled));
        Assert.Null(await first.UpdateAsync(batch => batch with { Status = BatchStatus.Finalizing }, Cancelled));
        Assert.Null(await first.CompleteAsync(batch => batch with { Status = BatchStatus.Completed }, new BatchFileIds("file-x", "file-y"), Cancelled));
        await first.ForgetAsync(Cancelled);
        await first.ReleaseAsync(TimeSpan.Zero, counts: false, Cancelled);

        Assert.True(await second.AddAsync([Answer(2, ItemRole.Output), Answer(3, ItemRole.Failed)], Cancelled)); // 3 has its answer
        (HashSet<long> lines, int failed) = await second.AnsweredAsync(Cancelled);
        Assert.Equal([1, 2, 3], lines.Order());
        Assert.Equal(1, failed);
        Batch done = (await second.CompleteAsync(batch => batch with { Status = BatchStatus.Completed }, new BatchFileIds("file-o", "file-e"), Cancelled))!;
        Assert.Equal(("file-o", "file-e"), (done.OutputFileId, done.ErrorFileId));
        Assert.Equal("answer 2\nanswer 3\n", await TextAsync(storage, "file-o"));
        Assert.Equal("answer 1\n", await TextAsync(storage, "file-e"));
        Assert.Null(await storage.Files.FindAsync(Me, "file-x", Cancelled));
        Assert.Equal(3, await storage.NumberAsync("SELECT COUNT(*) FROM items"));
        await second.ForgetAsync(Cancelled);
        Assert.Equal(0, await storage.NumberAsync("SELECT (SELECT COUNT(*) FROM items) + (SELECT COUNT(*) FROM jobs) + (SELECT COUNT(*) FROM blobs WHERE hash LIKE 'upload-%')"));
        Assert.Equal(await storage.NumberAsync("SELECT CAST(SUM(bytes) AS BIGINT) FROM entries"), await storage.NumberAsync("SELECT CAST(SUM(bytes) AS BIGINT) FROM holdings"));
        Assert.Equal(await storage.NumberAsync("SELECT CAST(SUM(bytes) AS BIGINT) FROM blobs"), await storage.NumberAsync("SELECT CAST(SUM(file_bytes) AS BIGINT) FROM holdings"));
        Assert.Null(await storage.Batches.ClaimAsync(null, [], Cancelled));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_server_that_dies_before_the_answers_are_forgotten_leaves_that_to_the_next(string kind)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(kind, postgres);
        await AddAsync(storage, "batch_1", "x");
        BatchJob first = (await storage.Batches.ClaimAsync(null, [], Cancelled))!;
        for (int i = 0; i < 300; i += 100)
            await first.AddAsync([.. Enumerable.Range(i, 100).Select(line => Answer(line, ItemRole.Output))], Cancelled);
        await first.CompleteAsync(batch => batch with { Status = BatchStatus.Completed }, new BatchFileIds("file-o", "file-e"), Cancelled);
        storage.Time.Advance(TimeSpan.FromSeconds(31));
        BatchJob second = (await storage.Batches.ClaimAsync(null, [], Cancelled))!;
        Assert.Equal(BatchStatus.Completed, second.Found.Status);
        await second.ForgetAsync(Cancelled);
        Assert.Equal(0, await storage.NumberAsync("SELECT (SELECT COUNT(*) FROM items) + (SELECT COUNT(*) FROM jobs)"));
        Assert.Equal(300, (await TextAsync(storage, "file-o")).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task A_batch_that_is_not_done_is_not_forgotten_to_make_room_and_one_that_is_goes_with_its_age(string kind)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(kind, postgres, options => options.MaxEntries = 1);
        await AddAsync(storage, "batch_1", "x");
        for (int i = 0; i < 3; i++)
            await storage.Of("me").TryKeepAsync(SampleResponses.Of($"r{i}", "x"));
        BatchJob job = (await storage.Batches.ClaimAsync(null, [], Cancelled))!;
        await job.AddAsync([Answer(1, ItemRole.Output)], Cancelled);
        Assert.Equal(1, await storage.NumberAsync("SELECT COUNT(*) FROM items WHERE role = 2 AND entry IN (SELECT entry FROM jobs)"));
        await job.CompleteAsync(batch => batch with { Status = BatchStatus.Completed }, null, Cancelled);
        await job.ForgetAsync(Cancelled);
        Assert.NotNull(await storage.CallerBatches.FindAsync(Me, "batch_1", Cancelled));
        storage.Time.Advance(TimeSpan.FromDays(31));
        Assert.Null(await storage.CallerBatches.FindAsync(Me, "batch_1", Cancelled));
        await storage.Service.SweepAsync(Cancelled);
        Assert.Equal(0, await storage.NumberAsync("SELECT COUNT(*) FROM entries WHERE kind = 'batch'"));
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public async Task One_that_nobody_has_begun_is_cancelled_at_once(string kind)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(kind, postgres);
        await AddAsync(storage, "batch_1", "x");
        Assert.Equal(BatchStatus.Cancelled, (await storage.CallerBatches.CancelAsync(Me, "batch_1", Cancelled))!.Status);
        Assert.Null(await storage.CallerBatches.CancelAsync(new Caller("other"), "batch_1", Cancelled));
        Assert.Null(await storage.Batches.ClaimAsync(null, [], Cancelled));
        await storage.Files.RemoveAsync(Me, "file-batch_1", Cancelled);
        Assert.Equal(0, await storage.NumberAsync("SELECT COUNT(*) FROM blobs"));
    }

    private static async Task AddAsync(TestStorage storage, string id, string lines)
    {
        FileContent content = await storage.Files.WriteAsync(Me, new MemoryStream(Encoding.UTF8.GetBytes(lines)), Cancelled);
        await storage.Files.AddAsync(Me, new StoredFile { Id = $"file-{id}", Bytes = content.Length, CreatedAt = 0, Filename = "f", Purpose = "batch" }, content, Cancelled);
        var request = new BatchRequest { InputFileId = $"file-{id}", Endpoint = "/v1/responses", CompletionWindow = "24h" };
        var batch = new Batch { Id = id, Endpoint = request.Endpoint, Model = "m", InputFileId = request.InputFileId, CompletionWindow = "24h", Status = BatchStatus.Validating, CreatedAt = 0 };
        Assert.True(await storage.CallerBatches.TryAddAsync(Me, batch, request, Cancelled));
    }

    private static EntryItem Answer(int line, ItemRole role) => new(role, null, Encoding.UTF8.GetBytes($"answer {line}")) { Position = line };

    private static async Task<string> TextAsync(TestStorage storage, string id)
    {
        StoredFile file = (await storage.Files.FindAsync(Me, id, Cancelled))!;
        await using Stream stream = storage.Files.Open(Me, file);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(Cancelled);
    }
}
