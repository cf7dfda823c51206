using System.Text.Json;
using Gemma4.Server.BatchFiles;
using Gemma4.Server.Mapping;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Batches;

/// <summary>Where a line of a batch stands in its file.</summary>
/// <param name="Number">From 1 on.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">Its bytes.</param>
internal readonly record struct LinePlace(int Number, long Offset, int Length);

/// <summary>Has lines of batches answered by this server, of all batches together only so many at a time. Thread-safe.</summary>
internal sealed class LineSender(InnerPipeline pipeline, TimeProvider time)
{
    /// <summary>Lines on their way: they keep the engine's steps full, and the rest waits in the file.</summary>
    public const int MaxAtOnce = 64;

    /// <summary>A line of more bytes is held only beside a few others like it.</summary>
    private const int LargeBytes = 1 << 20, MaxLargeAtOnce = 4;

    /// <summary>A server that fails so often at one line fails at it always.</summary>
    private const int MaxFailures = 3;

    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1), MaxPause = TimeSpan.FromSeconds(16);

    private readonly SemaphoreSlim _all = new(MaxAtOnce, MaxAtOnce), _large = new(MaxLargeAtOnce, MaxLargeAtOnce);

    /// <summary>Has a line answered, however long there is no room for it.</summary>
    /// <returns>The answer as it is kept.</returns>
    /// <exception cref="StorageException">The line cannot be read.</exception>
    public async Task<EntryItem> AnswerAsync(BatchJob job, LinePlace line, CancellationToken cancellationToken)
    {
        await _all.WaitAsync(cancellationToken);
        try
        {
            if (line.Length <= LargeBytes)
                return await PostAsync(job, line, cancellationToken);
            await _large.WaitAsync(cancellationToken);
            try
            {
                return await PostAsync(job, line, cancellationToken);
            }
            finally
            {
                _large.Release();
            }
        }
        finally
        {
            _all.Release();
        }
    }

    /// <summary>The answer of a line that is not sent.</summary>
    /// <exception cref="StorageException">The line cannot be read.</exception>
    public static async Task<EntryItem> RefuseAsync(BatchJob job, LinePlace line, BatchLineError why, CancellationToken cancellationToken) =>
        Item(line, ItemRole.Failed, BatchLines.Split(await job.ReadInputAsync(line.Offset, line.Length, cancellationToken)).CustomId, null, why);

    private async Task<EntryItem> PostAsync(BatchJob job, LinePlace line, CancellationToken cancellationToken)
    {
        (string id, byte[] body) = BatchLines.Split(await job.ReadInputAsync(line.Offset, line.Length, cancellationToken));
        TimeSpan pause = Pause;
        for (int failures = 0; ;)
        {
            InnerAnswer answer = await pipeline.PostAsync(job.Found.Endpoint, body, job.Caller, cancellationToken);
            // No room now is no answer, and a fault may pass.
            bool isFull = answer.Status is StatusCodes.Status429TooManyRequests or StatusCodes.Status503ServiceUnavailable;
            if (isFull || (answer.Status >= 500 && ++failures < MaxFailures))
            {
                await Task.Delay(answer.RetryAfter > pause ? answer.RetryAfter.Value : pause, time, cancellationToken);
                pause = pause < MaxPause ? 2 * pause : MaxPause;
                continue;
            }
            return answer.Body is { } json
                ? Item(line, answer.Status == StatusCodes.Status200OK ? ItemRole.Output : ItemRole.Failed, id, new BatchResponse(answer.Status, answer.RequestId, json), null)
                : Item(line, ItemRole.Failed, id, null, new BatchLineError("answer_too_long", "The answer is longer than a line of a batch may get. Ask for fewer choices, tokens or log-probabilities."));
        }
    }

    private static EntryItem Item(LinePlace line, ItemRole role, string id, BatchResponse? response, BatchLineError? error) => new(
        role, null, JsonSerializer.SerializeToUtf8Bytes(new BatchAnswer(AnswerHead.NewId("batch_req_"), id, response, error), BatchJson.Context.BatchAnswer))
    { Position = line.Number };
}
