using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine.Chat;

/// <summary>Turns rendered prompts into token ids. Thread-safe.</summary>
/// <remarks>
/// Control tokens are looked for in template text only; everything between two of them, template text and data alike, is encoded
/// as one text. So data cannot become a control token, and a prompt without spelled markers has exactly the ids of its whole text.
/// </remarks>
/// <param name="tokenizer">The checkpoint's tokenizer.</param>
public sealed class PromptTokenizer(Tokenizer tokenizer)
{
    /// <summary>Encodes a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="expansions">The soft tokens of each of the prompt's media slots, in their order.</param>
    /// <exception cref="ArgumentException">There are more or fewer expansions than slots, or one does not fit its slot.</exception>
    /// <exception cref="InvalidDataException">The tokenizer has no token for a medium of the prompt.</exception>
    public TokenizedPrompt Tokenize(RenderedPrompt prompt, IReadOnlyList<MediaExpansion> expansions)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(expansions);
        if (expansions.Count != prompt.MediaSlots.Length)
            throw new ArgumentException($"{prompt.MediaSlots.Length} media slots, {expansions.Count} expansions", nameof(expansions));
        var writer = new Writer(tokenizer, prompt.MediaSlots, expansions);
        foreach (PromptSegment segment in prompt.Segments)
        {
            if (segment.IsTemplateText)
                writer.AddTemplateText(segment.Text);
            else
                writer.AddText(segment.Text);
        }
        return writer.Finish();
    }

    private sealed class Writer(Tokenizer tokenizer, ImmutableArray<MediaSlot> slots, IReadOnlyList<MediaExpansion> expansions)
    {
        private readonly StringBuilder _text = new(); // since the last control token
        private readonly List<int> _ids = [];
        private readonly ImmutableArray<SoftTokenRange>.Builder _ranges = ImmutableArray.CreateBuilder<SoftTokenRange>();
        private int _slot;

        public void AddText(ReadOnlySpan<char> text) => _text.Append(text);

        public void AddTemplateText(string text)
        {
            int taken = 0;
            for (int scan = 0; tokenizer.TryFindAddedToken(text, ref scan, taken, out int id, out int start, out int end); taken = end)
            {
                AddText(text.AsSpan(taken, start - taken));
                if (Placeholder(id) is { } kind)
                    Expand(kind, id);
                else
                    AddControl(id);
            }
            AddText(text.AsSpan(taken));
        }

        public TokenizedPrompt Finish()
        {
            Flush();
            if (_slot != slots.Length)
                throw new InvalidDataException($"the tokenizer has no token {MediaPlaceholders.TextOf(slots[_slot].Kind)}");
            return new TokenizedPrompt([.. _ids], _ranges.ToImmutable(), PromptTail.Of(_ids.ToArray(), tokenizer.Special));
        }

        private MediaKind? Placeholder(int id) =>
            id == tokenizer.Special.Image ? MediaKind.Image
            : id == tokenizer.Special.Audio ? MediaKind.Audio
            : id == tokenizer.Special.Video ? MediaKind.Video
            : null;

        private void Expand(MediaKind kind, int id)
        {
            if (_slot == slots.Length || slots[_slot].Kind != kind)
                throw new ArgumentException($"the prompt has no slot for its placeholder {MediaPlaceholders.TextOf(kind)}");
            switch (expansions[_slot])
            {
                case MediaExpansion.Whole whole when kind == MediaKind.Image:
                    AddSoftTokens(0, tokenizer.Special.ImageStart, id, whole.NumSoftTokens, tokenizer.Special.ImageEnd);
                    break;
                case MediaExpansion.Windows windows when kind == MediaKind.Audio:
                    for (int i = 0; i < windows.NumSoftTokens.Length; i++)
                        AddSoftTokens(i, tokenizer.Special.AudioStart, id, windows.NumSoftTokens[i], tokenizer.Special.AudioEnd);
                    break;
                case MediaExpansion.Frames frames when kind == MediaKind.Video:
                    for (int i = 0; i < frames.Items.Length; i++)
                    {
                        // The reference writes "00:07 " before a frame, and a blank between frames.
                        AddText(i > 0 ? " " : "");
                        AddText(Clock(frames.Items[i].Time));
                        AddSoftTokens(i, tokenizer.Special.ImageStart, id, frames.Items[i].NumSoftTokens, tokenizer.Special.ImageEnd);
                    }
                    break;
                default:
                    throw new ArgumentException($"slot {_slot} is of kind {kind}, its expansion is a {expansions[_slot].GetType().Name}");
            }
            _slot++;
        }

        private void AddSoftTokens(int piece, int? begin, int soft, int count, int? end)
        {
            if (begin is null || end is null)
                throw new InvalidDataException("the tokenizer has no tokens to put around a medium");
            AddControl(begin.Value);
            _ranges.Add(new SoftTokenRange(_slot, piece, _ids.Count, count));
            for (int i = 0; i < count; i++)
                _ids.Add(soft);
            AddControl(end.Value);
        }

        private static string Clock(TimeSpan time) =>
            string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes:00}:{time.Seconds:00} ");

        private void AddControl(int id)
        {
            Flush();
            _ids.Add(id);
        }

        private void Flush()
        {
            tokenizer.Encode(_text.ToString(), recogniseAddedTokens: false, _ids);
            _text.Clear();
        }
    }
}
