namespace Gemma4.Server.Media;

/// <summary>What a request's part says it is; the file itself decides.</summary>
public enum MediaKind
{
    /// <summary>A picture.</summary>
    Image,

    /// <summary>A sound.</summary>
    Audio,

    /// <summary>A film.</summary>
    Video,
}
