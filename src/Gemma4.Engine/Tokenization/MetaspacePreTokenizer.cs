namespace Gemma4.Engine.Tokenization;

/// <summary>The <c>Metaspace</c> pre-tokenizer: spaces become a visible character, with which pieces begin.</summary>
internal sealed class MetaspacePreTokenizer(char replacement, string prependScheme, bool split) : PreTokenizer
{
    private readonly TextSplitter _splitter = new(replacement.ToString(), TextSplitter.Behavior.MergedWithNext, invert: false);

    public static MetaspacePreTokenizer Create(JsonPart part)
    {
        bool legacyPrefix = part["add_prefix_space"].AsBool(true);
        JsonPart scheme = part["prepend_scheme"];
        string name = scheme.AsString(legacyPrefix ? "always" : "never");
        return name is "always" or "first" or "never"
            ? new MetaspacePreTokenizer(part.Require("replacement").AsChar(), name, part["split"].AsBool(true))
            : throw scheme.Error($"'{name}' is not supported");
    }

    public override bool MindsStart => prependScheme == "first";

    public override void Split(TextPiece piece, List<TextPiece> pieces)
    {
        string text = piece.Text.ToString().Replace(' ', replacement);
        bool prepends = prependScheme == "always" || (prependScheme == "first" && piece.AtStart);
        if (prepends && text.Length > 0 && text[0] != replacement)
            text = replacement + text;
        var changed = new TextPiece(text.AsMemory(), piece.AtStart);
        if (split)
            _splitter.Split(changed, pieces);
        else if (text.Length > 0)
            pieces.Add(changed);
    }
}
