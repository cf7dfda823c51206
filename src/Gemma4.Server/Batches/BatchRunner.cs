using Gemma4.Server.BatchFiles;
using Gemma4.Server.Mapping;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.Serving;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Batches;

/// <summary>Brings batches from where they stand to their end: checks the file, has the lines answered, writes the files of answers. Thread-safe.</summary>
internal sealed class BatchRunner(
    LineSender sender, BatchMetrics metrics, ServerClock clock, IOptions<ServerOptions> options, TimeProvider time, ILogger<BatchRunner> log)
{
    /// <summary>A line may be as long as a body, up to this: it is held in memory.</summary>
    private const int MaxLineBytes = 32 << 20;

    /// <summary>Faults of a file that its caller is told.</summary>
    private const int MaxFaults = 100;

    /// <summary>A batch that ended so many servers, each before a further line was answered, does not get another.</summary>
    private const int MaxAttempts = 5;

    private static readonly BatchLineError
        Expired = new("batch_expired", "This request could not be executed before the completion window expired."),
        Interrupted = new("server_error", $"The server ended {MaxAttempts} times while it answered this request and others.");

    // The beginnings of all prompts of a file are held while its lines are put in order.
    private readonly SemaphoreSlim _reading = new(1, 1);

    /// <summary>Brings a batch to its end.</summary>
    /// <param name="job">Held here.</param>
    /// <param name="ends">Gives it up where it is; what is answered is written.</param>
    /// <returns>False where the batch was lost meanwhile.</returns>
    /// <exception cref="StorageException">The database does not answer.</exception>
    /// <exception cref="FileTooLargeException">The caller may not keep the files of answers now.</exception>
    public async Task<bool> RunAsync(BatchJob job, CancellationToken ends)
    {
        if (BatchStatus.IsEnd(job.Found.Status))
        {
            await job.ForgetAsync(ends);
            return true;
        }
        await using var holding = new BatchHolding(job, time, ends);
        Batch? batch = job.Found;
        if (batch.Status is BatchStatus.Validating or BatchStatus.InProgress)
        {
            (LinePlace[] lines, List<BatchError> faults) = await ReadAsync(job, holding.Ends);
            if (faults.Count > 0)
                return await EndAsync(job, end => Failed(end, [.. faults]), null, holding.Ends);
            batch = await job.UpdateAsync(
                now => now.Status == BatchStatus.Validating
                    ? now with { Status = BatchStatus.InProgress, InProgressAt = clock.Now, RequestCounts = new BatchCounts(lines.Length, 0, 0) }
                    : now,
                holding.Ends);
            if (batch?.Status == BatchStatus.InProgress && !await AnswerAsync(job, lines, holding))
                return false;
        }
        return batch is not null && await FinishAsync(job, holding.Ends);
    }

    private async Task<(LinePlace[] Lines, List<BatchError> Faults)> ReadAsync(BatchJob job, CancellationToken cancellationToken)
    {
        await _reading.WaitAsync(cancellationToken);
        try
        {
            var lines = new List<(LinePlace Place, string Order)>();
            var faults = new List<BatchError>();
            int maxLineBytes = (int)Math.Min(MaxLineBytes, options.Value.MaxRequestBodyBytes);
            await using Stream input = job.OpenInput();
            await foreach (CheckedLine line in BatchLines.ReadAsync(input, maxLineBytes, job.Found.Endpoint, cancellationToken))
            {
                if (line.Line is { } good)
                    lines.Add((new LinePlace(line.Number, good.Offset, good.Length), good.Order));
                else if (faults.Count < MaxFaults)
                    faults.Add(new BatchError(line.Fault!.Code, $"Line {line.Number}: {line.Fault.Message}", line.Fault.Param, line.Number));
            }
            if (lines.Count == 0 && faults.Count == 0)
                faults.Add(new BatchError("empty_file", "The file of requests is empty. It needs one request at least."));
            // Neighbours in this order share the most of their prompts.
            return ([.. lines.OrderBy(line => line.Order, StringComparer.Ordinal).Select(line => line.Place)], faults);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>Has the lines answered that are not.</summary>
    /// <returns>False where the batch was lost meanwhile.</returns>
    private async Task<bool> AnswerAsync(BatchJob job, LinePlace[] lines, BatchHolding holding)
    {
        (HashSet<long> answered, int failed) = await job.AnsweredAsync(holding.Ends);
        LinePlace[] left = [.. lines.Where(line => !answered.Contains(line.Number))];
        bool[] hasAnswer = new bool[left.Length];
        var writer = new AnswerWriter(job, new BatchCounts(lines.Length, answered.Count - failed, failed), metrics, time);
        holding.CountBy(writer);
        bool isHeld;
        try
        {
            using var writing = CancellationTokenSource.CreateLinkedTokenSource(holding.Ends, writer.Failed);
            if (job.Attempts <= MaxAttempts && !job.IsExpired)
                await SendAsync(job, left, hasAnswer, writer, holding.Enough);
            if ((job.Attempts > MaxAttempts ? Interrupted : job.IsExpired ? Expired : null) is { } why)
            {
                for (int i = 0; i < left.Length; i++)
                {
                    if (!hasAnswer[i])
                        await writer.AddAsync(await LineSender.RefuseAsync(job, left[i], why, writing.Token), writing.Token);
                }
            }
        }
        finally
        {
            isHeld = await writer.CompleteAsync();
        }
        return isHeld;
    }

    private async Task SendAsync(BatchJob job, LinePlace[] lines, bool[] hasAnswer, AnswerWriter writer, CancellationToken enough)
    {
        using var sending = CancellationTokenSource.CreateLinkedTokenSource(enough, writer.Failed);
        try
        {
            await Parallel.ForAsync(
                0, lines.Length, new ParallelOptions { MaxDegreeOfParallelism = LineSender.MaxAtOnce, CancellationToken = sending.Token },
                async (i, cancelled) =>
                {
                    await writer.AddAsync(await sender.AnswerAsync(job, lines[i], cancelled), cancelled);
                    hasAnswer[i] = true;
                });
        }
        catch (OperationCanceledException) when (sending.IsCancellationRequested)
        {
            // What is answered is written; whoever called knows why this ended.
        }
    }

    private async Task<bool> FinishAsync(BatchJob job, CancellationToken cancellationToken)
    {
        Batch? batch = await job.UpdateAsync(
            now => now.Status == BatchStatus.InProgress
                ? now with { Status = BatchStatus.Finalizing, FinalizingAt = clock.Now, ExpiredAt = job.IsExpired ? clock.Now : null }
                : now,
            cancellationToken);
        if (batch is null)
            return false;
        (HashSet<long> answered, int failed) = await job.AnsweredAsync(cancellationToken);
        BatchCounts counts = batch.RequestCounts with { Completed = answered.Count - failed, Failed = failed };
        try
        {
            return await EndAsync(job, Ended, new BatchFileIds(AnswerHead.NewId("file-"), AnswerHead.NewId("file-")), cancellationToken);
        }
        catch (FileTooLargeException tooLarge) when (job.IsExpired)
        {
            return await EndAsync(job, end => Failed(end, new BatchError(tooLarge.Error.Code!, tooLarge.Message)), null, cancellationToken);
        }

        Batch Ended(Batch end) => (end.CancellingAt, end.ExpiredAt) switch
        {
            (not null, _) => end with { RequestCounts = counts, Status = BatchStatus.Cancelled, CancelledAt = clock.Now },
            (_, not null) => end with { RequestCounts = counts, Status = BatchStatus.Expired },
            _ => end with { RequestCounts = counts, Status = BatchStatus.Completed, CompletedAt = clock.Now },
        };
    }

    private async Task<bool> EndAsync(BatchJob job, Func<Batch, Batch> end, BatchFileIds? files, CancellationToken cancellationToken)
    {
        if (await job.CompleteAsync(end, files, cancellationToken) is not { } ended)
            return false;
        log.BatchStands(ended.Id, ended.Status, ended.RequestCounts.Completed, ended.RequestCounts.Total, ended.RequestCounts.Failed);
        await job.ForgetAsync(cancellationToken);
        return true;
    }

    private Batch Failed(Batch batch, params BatchError[] errors) => batch with { Status = BatchStatus.Failed, FailedAt = clock.Now, Errors = new BatchErrors(errors) };
}
