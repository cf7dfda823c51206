namespace Gemma4.Engine.Chat;

/// <summary>What a medium is.</summary>
public enum MediaKind
{
    /// <summary>An image, <c>&lt;|image|&gt;</c>.</summary>
    Image,

    /// <summary>An audio clip, <c>&lt;|audio|&gt;</c>.</summary>
    Audio,

    /// <summary>A video, <c>&lt;|video|&gt;</c>.</summary>
    Video,
}
