namespace Gemma4.Engine.Chat;

/// <summary>What a medium is.</summary>
public enum MediaKind
{
    /// <summary>A picture, <c>&lt;|image|&gt;</c>.</summary>
    Image,

    /// <summary>A sound, <c>&lt;|audio|&gt;</c>.</summary>
    Audio,

    /// <summary>A film, <c>&lt;|video|&gt;</c>.</summary>
    Video,
}
