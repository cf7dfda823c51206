using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Text;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Execution;

/// <summary>Gives a step the soft tokens of its media: from the cache, or from the towers, all new pictures of a step in one pass.</summary>
/// <param name="model">Borrowed.</param>
/// <param name="cacheBytes">Bytes of encoded media kept between steps.</param>
internal sealed class MediaEncoder(Gemma4Model model, long cacheBytes) : IDisposable
{
    private readonly SoftTokenCache _cache = new(cacheBytes);

    /// <summary>The soft tokens that stand among a plan's tokens.</summary>
    /// <returns>Null where there are none; the tensors belong to the caller's dispose scope.</returns>
    public SoftTokens? Encode(StepPlan plan)
    {
        _cache.Trim();
        if (plan.Media.Length == 0)
            return null;
        EncodeMissing(plan.Media);
        var pieces = new List<Tensor>();
        var rows = new List<long>();
        foreach (ScheduledMedia media in plan.Media)
            Place(media, plan.Sequences, pieces, rows);
        return new SoftTokens(cat(pieces, 0), tensor(rows.ToArray(), device: model.Device));
    }

    public void Dispose() => _cache.Dispose();

    private void EncodeMissing(ReadOnlySpan<ScheduledMedia> media)
    {
        var images = new Dictionary<UInt128, MediaItem.Image>();
        foreach (ScheduledMedia scheduled in media)
        {
            if (_cache.TryGet(scheduled.Item.ContentHash, out _))
                continue;
            if (scheduled.Item is MediaItem.Audio audio)
                _cache.Add(audio.ContentHash, Checked(model.EncodeAudio(audio.LogMel.Span), audio).DetachFromDisposeScope());
            else if (scheduled.Item is MediaItem.Image image)
                images.TryAdd(image.ContentHash, image);
        }
        if (images.Count == 0)
            return;
        MediaItem.Image[] missing = [.. images.Values];
        using Tensor encoded = model.EncodeImages([.. missing.Select(i => new ImagePatches(i.Patches, i.PatchColumns))]);   // [M, D]
        int first = 0;
        foreach (MediaItem.Image image in missing)
        {
            using Tensor own = encoded.narrow(0, first, image.NumSoftTokens);
            _cache.Add(image.ContentHash, own.clone().DetachFromDisposeScope());
            first += image.NumSoftTokens;
        }
        if (first != encoded.shape[0])
            throw new InvalidOperationException($"The vision tower made {encoded.shape[0]} soft tokens where the prompt has places for {first}.");
    }

    private static Tensor Checked(Tensor encoded, MediaItem item) => encoded.shape[0] == item.NumSoftTokens
        ? encoded
        : throw new InvalidOperationException($"The tower made {encoded.shape[0]} soft tokens where the prompt has places for {item.NumSoftTokens}.");

    /// <summary>Those soft tokens of an item that the step computes, and their rows.</summary>
    private void Place(ScheduledMedia media, ReadOnlySpan<ScheduledSequence> sequences, List<Tensor> pieces, List<long> rows)
    {
        int firstRow = 0;
        for (int b = 0; b < media.SequenceIndex; b++)
            firstRow += sequences[b].NumTokens;
        ref readonly ScheduledSequence sequence = ref sequences[media.SequenceIndex];
        int first = Math.Max(media.Item.FirstToken, sequence.FirstPosition);
        int end = Math.Min(media.Item.FirstToken + media.Item.NumSoftTokens, sequence.FirstPosition + sequence.NumTokens);
        if (!_cache.TryGet(media.Item.ContentHash, out Tensor softTokens))
            throw new InvalidOperationException("A medium of the step was not encoded.");
        pieces.Add(softTokens.narrow(0, first - media.Item.FirstToken, end - first));
        for (int p = first; p < end; p++)
            rows.Add(firstRow + p - sequence.FirstPosition);
    }
}
