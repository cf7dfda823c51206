using Gemma4.Engine.Chat.Jinja;
using Gemma4.Engine.Chat.Jinja.Values;

namespace Gemma4.Engine.Chat;

/// <summary>Leaves the last message open. A mark is put at its end, and what the template writes from the mark on is cut off.</summary>
/// <remarks>The reference does the same with a word and looks for the word again; our mark is known by its provenance, so a
/// message that spells the word changes nothing. The mark ends in a blank, as the reference's does: where the blank comes out
/// again the template keeps blanks at a message's end, where it does not they are trimmed before the mark too.</remarks>
internal static class FinalMessage
{
    private static readonly Text Mark = new("CONTINUE_FINAL_MESSAGE_TAG ", Provenance.CutMark);

    /// <summary>The messages, the last one's text ending in the mark.</summary>
    public static IReadOnlyList<Value> AddMark(IReadOnlyList<Value> messages, RenderBudget budget)
    {
        if (messages.Count == 0 || messages[^1] is not DictValue last)
            throw Fault.Value("there is no final message to continue");
        Value marked = last.Find("content") switch
        {
            Text text => Text.Concat(text, Mark, budget),
            SequenceValue parts => MarkLastText(parts, budget),
            _ => throw Fault.Value("the final message has no text to continue"),
        };
        return [.. messages.Take(messages.Count - 1), With(last, "content", marked)];
    }

    /// <summary>What stands before the mark.</summary>
    public static Text CutAtMark(Text rendered, RenderBudget budget)
    {
        (int start, int length, _) = rendered.Runs(0, rendered.Length).LastOrDefault(run => run.Provenance == Provenance.CutMark);
        if (length < Mark.Length - 1)
            throw Fault.Value("the template does not write the final message's end, so it cannot be continued");
        Text kept = rendered.Slice(0, start, budget);
        return length == Mark.Length ? kept : Jinja.Builtins.TextOperations.Strip(kept, null, atStart: false, atEnd: true, budget);
    }

    private static ListValue MarkLastText(SequenceValue parts, RenderBudget budget)
    {
        Value[] items = [.. parts.Items];
        for (int i = items.Length - 1; i >= 0; i--)
        {
            if (items[i] is not DictValue part || part.Find("text") is not Text text)
                continue;
            items[i] = With(part, "text", Text.Concat(text, Mark, budget));
            return new ListValue(items);
        }
        throw Fault.Value("the final message has no text to continue");
    }

    private static DictValue With(DictValue dict, string key, Value value) => new([.. dict.Entries, new(Text.Template(key), value)]);
}
