using System.Collections.Immutable;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>A medium of a request, read and ready; it waits for its place in the prompt.</summary>
internal abstract record PreparedMedium
{
    /// <summary>How many soft tokens it takes.</summary>
    public abstract MediaExpansion Expansion { get; }

    /// <summary>The engine's item, now that the place is known.</summary>
    public abstract MediaItem At(SoftTokenRange place);

    /// <summary>An image.</summary>
    public sealed record Image(PreparedImage Prepared) : PreparedMedium
    {
        /// <inheritdoc/>
        public override MediaExpansion Expansion => new MediaExpansion.Whole(Prepared.NumSoftTokens);

        /// <inheritdoc/>
        public override MediaItem At(SoftTokenRange place) => Prepared.At(place.FirstToken);
    }

    /// <summary>A video: each of its frames is an image of its own to the model.</summary>
    public sealed record Video(ImmutableArray<VideoFrame> Frames) : PreparedMedium
    {
        /// <inheritdoc/>
        public override MediaExpansion Expansion => new MediaExpansion.Frames([.. Frames.Select(f => (f.Time, f.Image.NumSoftTokens))]);

        /// <inheritdoc/>
        public override MediaItem At(SoftTokenRange place) => Frames[place.PieceIndex].Image.At(place.FirstToken);
    }

    /// <summary>An audio clip: each of its windows is an audio clip of its own to the model.</summary>
    public sealed record Audio(ImmutableArray<AudioWindow> Windows) : PreparedMedium
    {
        /// <inheritdoc/>
        public override MediaExpansion Expansion => new MediaExpansion.Windows([.. Windows.Select(w => w.NumSoftTokens)]);

        /// <inheritdoc/>
        public override MediaItem At(SoftTokenRange place) => Windows[place.PieceIndex].At(place.FirstToken);
    }
}
