namespace Gemma4.Engine.Tokenization;

/// <summary>The ids that the file's <c>post_processor</c> puts around a single text.</summary>
internal sealed record PostProcessor(int[] Before, int[] After)
{
    public static PostProcessor Read(JsonPart part) => part.IsAbsent ? new PostProcessor([], []) : part.Type switch
    {
        "TemplateProcessing" => ReadTemplate(part),
        "ByteLevel" => new PostProcessor([], []),   // moves offsets, not ids
        "Sequence" => part.Require("processors").Items().Select(Read).Aggregate(
            new PostProcessor([], []), (inner, outer) => new PostProcessor([.. outer.Before, .. inner.Before], [.. inner.After, .. outer.After])),
        _ => throw part.Unsupported(),
    };

    private static PostProcessor ReadTemplate(JsonPart part)
    {
        List<int> before = [], after = [];
        List<int> current = before;
        JsonPart single = part.Require("single");
        foreach (JsonPart piece in single.Items())
        {
            JsonPart special = piece["SpecialToken"];
            if (!special.IsAbsent)
            {
                string name = special.Require("id").AsString();
                current.AddRange(part.Require("special_tokens").Require(name).Require("ids").Items().Select(id => id.AsInt()));
            }
            else if (piece["Sequence"] is { IsAbsent: false } sequence && sequence.Require("id").AsString() == "A" && current == before)
            {
                current = after;
            }
            else
            {
                throw piece.Error("a special token, or the sequence A once, is expected");
            }
        }
        return current == after ? new PostProcessor([.. before], [.. after]) : throw single.Error("the sequence A is missing");
    }
}
