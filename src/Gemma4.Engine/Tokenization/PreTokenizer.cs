namespace Gemma4.Engine.Tokenization;

/// <summary>A piece of text that is encoded on its own.</summary>
/// <param name="Text">Its characters.</param>
/// <param name="AtStart">It begins the whole text.</param>
internal readonly record struct TextPiece(ReadOnlyMemory<char> Text, bool AtStart);

/// <summary>Cuts normalised text into pieces that no token spans, as the file's <c>pre_tokenizer</c> says.</summary>
internal abstract class PreTokenizer
{
    public static PreTokenizer? Read(JsonPart part) => part.IsAbsent ? null : part.Type switch
    {
        "Sequence" => new Several([.. part.Require("pretokenizers").Items().Select(Read).OfType<PreTokenizer>()]),
        "Split" => new TextSplitter(
            part.Require("pattern").AsPlainPattern(), TextSplitter.ReadBehavior(part.Require("behavior")), part["invert"].AsBool(false)),
        "Metaspace" => MetaspacePreTokenizer.Create(part),
        _ => throw part.Unsupported(),
    };

    /// <summary>Appends the pieces of a piece; none of them is empty.</summary>
    public abstract void Split(TextPiece piece, List<TextPiece> pieces);

    /// <summary>Whether a piece at the beginning of the text is treated apart from others.</summary>
    public virtual bool MindsStart => false;

    private sealed class Several(PreTokenizer[] steps) : PreTokenizer
    {
        public override bool MindsStart => steps.Any(s => s.MindsStart);

        public override void Split(TextPiece piece, List<TextPiece> pieces)
        {
            List<TextPiece> current = [piece];
            foreach (PreTokenizer step in steps)
            {
                List<TextPiece> next = [];
                foreach (TextPiece each in current)
                    step.Split(each, next);
                current = next;
            }
            pieces.AddRange(current);
        }
    }
}
