using System.Collections.Immutable;

namespace Gemma4.Engine.Chat;

/// <summary>A conversation as the template writes it.</summary>
/// <param name="Segments">Its text in order, cut where template text meets data.</param>
/// <param name="MediaSlots">The media in the order of their placeholders.</param>
public sealed record RenderedPrompt(ImmutableArray<PromptSegment> Segments, ImmutableArray<MediaSlot> MediaSlots)
{
    /// <summary>The whole text; for showing, not for encoding: it no longer tells control tokens from text that spells them.</summary>
    public string Text => string.Concat(Segments.Select(segment => segment.Text));
}

/// <summary>A run of text with one origin.</summary>
/// <param name="Text">The text.</param>
/// <param name="IsTemplateText">Whether it is the template's own. Only then may it hold control tokens.</param>
public readonly record struct PromptSegment(string Text, bool IsTemplateText);

/// <summary>The place of a medium in the prompt.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="PayloadIndex">The caller's number for it, from <see cref="ContentPart.Media"/>.</param>
public readonly record struct MediaSlot(MediaKind Kind, int PayloadIndex);
