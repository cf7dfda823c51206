using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>Encodes the media that sequences await, slice by slice, and gives steps the soft tokens among their tokens.</summary>
/// <param name="model">Borrowed.</param>
/// <param name="cacheBytes">Bytes of encoded media kept between steps.</param>
/// <param name="maxTokensPerPass">Soft tokens of images that go through the tower together.</param>
/// <param name="time">Measures slices.</param>
internal sealed class MediaEncoder(Gemma4Model model, long cacheBytes, int maxTokensPerPass, TimeProvider time) : IDisposable
{
    private readonly SoftTokenCache _cache = new(cacheBytes);
    private EncoderJob? _job;

    /// <summary>The soft tokens that stand among a plan's tokens.</summary>
    /// <returns>Null where there are none.</returns>
    public SoftTokens? SoftTokensOf(StepPlan plan)
    {
        _cache.Trim();
        if (plan.Media.Length == 0)
            return null;
        var embeddings = new List<float>();
        var rows = new List<int>();
        foreach (ScheduledMedia media in plan.Media)
            Place(media, plan.Sequences, embeddings, rows);
        return new SoftTokens(rows.ToArray(), embeddings.ToArray());
    }

    /// <summary>Works on awaited media in their order, at least one slice, until all are encoded or the time is up.</summary>
    /// <param name="awaited">In the order of service.</param>
    /// <param name="budget">When to begin no more slices.</param>
    /// <param name="progress">Receives one entry for each.</param>
    public void Work(ReadOnlySpan<AwaitedMedia> awaited, TimeSpan budget, Span<EncoderProgress> progress)
    {
        progress.Clear();
        if (awaited.Length == 0 && _job is null)
            return;
        if (_job is not null && !_job.IsAwaited(awaited))
            EndJob();   // who wanted it has left
        long started = time.GetTimestamp();
        while (TryAdvance(awaited, progress) && time.GetElapsedTime(started) < budget)
        {
        }
        for (int i = 0; i < awaited.Length; i++)
        {
            if (progress[i].Fault is null)
                progress[i] = new EncoderProgress(_cache.TryGet(awaited[i].Item.ContentHash, out _));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => EndJob();

    /// <summary>Computes a slice. A fault concerns the items of its job alone.</summary>
    /// <returns>False when there is nothing to do.</returns>
    private bool TryAdvance(ReadOnlySpan<AwaitedMedia> awaited, Span<EncoderProgress> progress)
    {
        _job ??= NextJob(awaited, progress);
        if (_job is null)
            return false;
        try
        {
            if (_job.Advance(_cache))
                EndJob();
            model.Backend.WaitForDevice();   // or time would tell how fast work is handed over, not how fast it is done
        }
        catch (Exception fault)
        {
            for (int i = 0; i < awaited.Length; i++)
            {
                if (_job?.Encodes(awaited[i].Item) == true)
                    progress[i] = new EncoderProgress(false, fault);
            }
            EndJob();
        }
        return true;
    }

    /// <summary>The first audio clip, or the first images together, that are not encoded yet; null where all are.</summary>
    private EncoderJob? NextJob(ReadOnlySpan<AwaitedMedia> awaited, ReadOnlySpan<EncoderProgress> progress)
    {
        var items = new List<MediaItem>();
        int softTokens = 0;
        for (int i = 0; i < awaited.Length; i++)
        {
            MediaItem item = awaited[i].Item;
            if (progress[i].Fault is not null || _cache.TryGet(item.ContentHash, out _) || items.Exists(x => x.ContentHash == item.ContentHash))
                continue;
            softTokens += item.NumSoftTokens;
            if (items.Count > 0 && (items[0] is MediaItem.Audio || item is MediaItem.Audio || softTokens > maxTokensPerPass))
                break;
            items.Add(item);
        }
        return items.Count > 0 ? new EncoderJob(model, items) : null;
    }

    private void EndJob()
    {
        _job?.Dispose();
        _job = null;
    }

    /// <summary>Those soft tokens of an item that the step computes, and their rows.</summary>
    private void Place(ScheduledMedia media, ReadOnlySpan<ScheduledSequence> sequences, List<float> embeddings, List<int> rows)
    {
        int firstRow = 0;
        for (int b = 0; b < media.SequenceIndex; b++)
            firstRow += sequences[b].NumTokens;
        ref readonly ScheduledSequence sequence = ref sequences[media.SequenceIndex];
        int first = Math.Max(media.Item.FirstToken, sequence.FirstPosition);
        int end = Math.Min(media.Item.FirstToken + media.Item.NumSoftTokens, sequence.FirstPosition + sequence.NumTokens);
        int width = model.Config.Text.HiddenSize;
        embeddings.AddRange(Encoded(media.Item).Span.Slice((first - media.Item.FirstToken) * width, (end - first) * width));
        for (int p = first; p < end; p++)
            rows.Add(firstRow + p - sequence.FirstPosition);
    }

    /// <summary>An item's soft tokens; encoded again where the cache was too small to keep them from when they were awaited.</summary>
    private ReadOnlyMemory<float> Encoded(MediaItem item)
    {
        if (_cache.TryGet(item.ContentHash, out ReadOnlyMemory<float> softTokens))
            return softTokens;
        using var job = new EncoderJob(model, [item]);
        while (!job.Advance(_cache))
        {
        }
        return _cache.TryGet(item.ContentHash, out softTokens) ? softTokens : throw new InvalidOperationException("A medium of the step was not encoded.");
    }
}
