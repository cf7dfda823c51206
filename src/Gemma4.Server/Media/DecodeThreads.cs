using Gemma4.Server.Limits;

namespace Gemma4.Server.Media;

/// <summary>Decodes and prepares media: a tenth of a second of pure arithmetic an image.</summary>
/// <param name="count">Threads.</param>
/// <param name="maxQueued">Most pieces of work that may wait.</param>
internal sealed class DecodeThreads(int count, int maxQueued) : BackgroundThreads(
    "decode", count, maxQueued,
    $"{maxQueued} images and audio clips wait to be decoded, as many as may (option Media:MaxQueuedItems); try again later.")
{
    /// <summary>Starts one thread fewer than there are processors, but one.</summary>
    /// <param name="maxQueued">Most pieces of work that may wait.</param>
    public DecodeThreads(int maxQueued = int.MaxValue) : this(Math.Max(1, Environment.ProcessorCount - 1), maxQueued)
    {
    }
}
