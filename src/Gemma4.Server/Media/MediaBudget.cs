using Gemma4.Server.Limits;
using Microsoft.Extensions.Options;

namespace Gemma4.Server.Media;

/// <summary>Counts what the media of all requests being served hold: files while they are read, then patches and frames until the request ends.</summary>
/// <remarks>A small file may become much: an image of 1 KB takes 31 MB as 1120 soft tokens, so the size of bodies alone bounds nothing.</remarks>
internal sealed class MediaBudget(IOptions<MediaAccessOptions> options)
{
    private const long LeastBytes = 512L << 20;
    private const int ShareOfMemory = 8;

    /// <summary>The bytes and their limit.</summary>
    public ByteBudget Bytes { get; } = new(options.Value.MaxBytesInFlight
        ?? Math.Max(LeastBytes, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / ShareOfMemory));
}
