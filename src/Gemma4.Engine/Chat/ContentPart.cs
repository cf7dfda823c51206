namespace Gemma4.Engine.Chat;

/// <summary>A piece of a message's content.</summary>
public abstract record ContentPart
{
    private ContentPart()
    {
    }

    /// <summary>Text.</summary>
    /// <param name="Value">The text; data, whatever it spells.</param>
    public sealed record Text(string Value) : ContentPart;

    /// <summary>An image, an audio clip or a video.</summary>
    /// <param name="Kind">Which of them.</param>
    /// <param name="PayloadIndex">The caller's own number for it, found again in <see cref="MediaSlot.PayloadIndex"/>.</param>
    public sealed record Media(MediaKind Kind, int PayloadIndex) : ContentPart;
}
