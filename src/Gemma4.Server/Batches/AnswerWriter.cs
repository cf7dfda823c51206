using System.Threading.Channels;
using Gemma4.Server.OpenAI.Batches;
using Gemma4.Server.Storage;

namespace Gemma4.Server.Batches;

/// <summary>Writes the answers of a batch, those that come at about the same time in one transaction: thousands of short lines are not bound by commits.</summary>
internal sealed class AnswerWriter
{
    private const int MaxGroup = 256, MaxGroupBytes = 4 << 20;

    private static readonly TimeSpan Gather = TimeSpan.FromMilliseconds(20), Pause = TimeSpan.FromSeconds(1);

    private readonly Channel<EntryItem> _answers = Channel.CreateBounded<EntryItem>(new BoundedChannelOptions(MaxGroup) { SingleReader = true });
    private readonly BatchJob _job;
    private readonly BatchMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly Task _writing;
    private readonly CancellationTokenSource _failed = new();
    private volatile BatchCounts _counts;

    /// <summary>Begins.</summary>
    /// <param name="job">The batch, held here.</param>
    /// <param name="counts">How far it is.</param>
    /// <param name="metrics">Count what is written.</param>
    /// <param name="time">Measures pauses.</param>
    public AnswerWriter(BatchJob job, BatchCounts counts, BatchMetrics metrics, TimeProvider time)
    {
        (_job, _counts, _metrics, _time) = (job, counts, metrics, time);
        _writing = Task.Run(WriteAllAsync, CancellationToken.None);
    }

    /// <summary>What is written.</summary>
    public BatchCounts Counts => _counts;

    /// <summary>Cancelled when nothing more can be written.</summary>
    public CancellationToken Failed => _failed.Token;

    /// <summary>Has an answer written; waits where the database is slower than the engine.</summary>
    public ValueTask AddAsync(EntryItem answer, CancellationToken cancellationToken) => _answers.Writer.WriteAsync(answer, cancellationToken);

    /// <summary>Waits until all is written.</summary>
    /// <returns>False where the batch was lost.</returns>
    /// <exception cref="StorageException">It cannot be written.</exception>
    public async Task<bool> CompleteAsync()
    {
        _answers.Writer.TryComplete();
        await _writing;
        return !_failed.IsCancellationRequested;
    }

    private async Task WriteAllAsync()
    {
        var group = new List<EntryItem>();
        try
        {
            while (await _answers.Reader.WaitToReadAsync())
            {
                await Task.WhenAny(Task.Delay(Gather, _time), _answers.Reader.Completion);
                for (long bytes = 0; group.Count < MaxGroup && bytes < MaxGroupBytes && _answers.Reader.TryRead(out EntryItem? answer); bytes += answer.Body.Length)
                    group.Add(answer);
                if (!await WriteAsync(group))
                {
                    await _failed.CancelAsync();
                    return;
                }
                group.Clear();
            }
        }
        catch
        {
            await _failed.CancelAsync();
            throw;
        }
    }

    /// <summary>Writes a group; a database that does not answer is waited for as long as the batch is held here.</summary>
    private async Task<bool> WriteAsync(List<EntryItem> group)
    {
        for (long began = _time.GetTimestamp(); ;)
        {
            try
            {
                if (!await _job.AddAsync(group, CancellationToken.None))
                    return false;
                int failed = group.Count(answer => answer.Role == ItemRole.Failed);
                _counts = _counts with { Completed = _counts.Completed + group.Count - failed, Failed = _counts.Failed + failed };
                _metrics.CountLines(group.Count - failed, isGood: true);
                _metrics.CountLines(failed, isGood: false);
                return true;
            }
            catch (StorageException) when (_time.GetElapsedTime(began) < _job.LeaseTime)
            {
                await Task.Delay(Pause, _time);
            }
        }
    }
}
