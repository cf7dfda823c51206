using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Chat;

/// <summary>Finds the places of media in a prompt and the media that belong there.</summary>
internal static class MediaPlaceholders
{
    private static readonly (MediaKind Kind, string Text)[] All =
        [(MediaKind.Image, "<|image|>"), (MediaKind.Audio, "<|audio|>"), (MediaKind.Video, "<|video|>")];

    /// <summary>What stands for a medium in the template's text.</summary>
    public static string TextOf(MediaKind kind) => All.First(p => p.Kind == kind).Text;

    /// <summary>The media of the conversation in the order of their placeholders; those of a kind are written in their order.</summary>
    /// <exception cref="RequestRejectedException">The template writes more or fewer placeholders than there are media.</exception>
    public static ImmutableArray<MediaSlot> Assign(ImmutableArray<PromptSegment> segments, IReadOnlyList<ChatMessage> messages)
    {
        ILookup<MediaKind, int> payloads = messages
            .SelectMany(message => message.Parts.IsDefault ? [] : message.Parts)
            .OfType<ContentPart.Media>()
            .ToLookup(part => part.Kind, part => part.PayloadIndex);
        var waiting = All.ToDictionary(p => p.Kind, p => new Queue<int>(payloads[p.Kind]));
        var slots = ImmutableArray.CreateBuilder<MediaSlot>();
        foreach (MediaKind kind in segments.Where(segment => segment.IsTemplateText).SelectMany(segment => Find(segment.Text)))
        {
            if (!waiting[kind].TryDequeue(out int payload))
                throw Refuse(kind, "a place for more media of kind", "than the conversation has");
            slots.Add(new MediaSlot(kind, payload));
        }
        foreach ((MediaKind kind, Queue<int> left) in waiting)
        {
            if (left.Count > 0)
                throw Refuse(kind, "no place for a part of kind", "where the conversation has one");
        }
        return slots.ToImmutable();
    }

    private static RequestRejectedException Refuse(MediaKind kind, string what, string where) => new(
        RejectionReason.InvalidRequest, $"The chat template writes {what} '{kind.ToString().ToLowerInvariant()}' {where}.", "messages");

    private static IEnumerable<MediaKind> Find(string text)
    {
        for (int at = text.IndexOf("<|", StringComparison.Ordinal); at >= 0; at = text.IndexOf("<|", at + 1, StringComparison.Ordinal))
        {
            foreach ((MediaKind kind, string placeholder) in All)
            {
                if (string.CompareOrdinal(text, at, placeholder, 0, placeholder.Length) == 0)
                    yield return kind;
            }
        }
    }
}
