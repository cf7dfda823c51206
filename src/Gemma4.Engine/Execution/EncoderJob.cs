using Gemma4.Engine.Models;
using Gemma4.Engine.Models.Towers;
using Gemma4.Engine.Models.Vision;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Execution;

/// <summary>An audio clip, or some images, on their way through a tower together.</summary>
/// <param name="model">Borrowed.</param>
/// <param name="items">One audio clip, or images of different content.</param>
internal sealed class EncoderJob(Gemma4Model model, IReadOnlyList<MediaItem> items) : IDisposable
{
    private IEncoderPass? _pass;

    /// <summary>Whether the job encodes an item of this content.</summary>
    public bool Encodes(MediaItem item) => items.Any(own => own.ContentHash == item.ContentHash);

    /// <summary>Whether someone still awaits one of its items.</summary>
    public bool IsAwaited(ReadOnlySpan<AwaitedMedia> awaited)
    {
        foreach (AwaitedMedia media in awaited)
        {
            if (Encodes(media.Item))
                return true;
        }
        return false;
    }

    /// <summary>Computes the next slice.</summary>
    /// <param name="cache">Receives the soft tokens of all items after the last one.</param>
    /// <returns>True after the last slice.</returns>
    public bool Advance(SoftTokenCache cache)
    {
        _pass ??= Begin();
        if (_pass.Advance() is not { } softTokens)                                                      // [M, D]
            return false;
        int width = model.Config.Text.HiddenSize, made = softTokens.Length / width, places = items.Sum(item => item.NumSoftTokens), first = 0;
        if (made != places)
            throw new InvalidOperationException($"The tower made {made} soft tokens where the prompts have places for {places}.");
        foreach (MediaItem item in items)
        {
            if (!cache.TryGet(item.ContentHash, out _))
                cache.Add(item.ContentHash, softTokens.AsSpan(first * width, item.NumSoftTokens * width).ToArray());
            first += item.NumSoftTokens;
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _pass?.Dispose();

    private IEncoderPass Begin() => items[0] is MediaItem.Audio audio
        ? model.BeginAudio(audio.LogMel)
        : model.BeginImages([.. items.Cast<MediaItem.Image>().Select(image => new ImagePatches(image.Patches, image.PatchColumns))]);
}
