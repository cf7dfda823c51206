using System.Text;

namespace Gemma4.Engine.Tokenization;

/// <summary>The file's <c>model</c> put together: vocabulary and byte-pair encoding with the file's settings.</summary>
internal sealed class TokenizerModel
{
    private readonly bool _ignoreMerges;
    private readonly BytePairEncoder _encoder;
    private readonly BytePairEncoder _textEncoder;
    private readonly IReadOnlySet<int> _specialIds;

    private TokenizerModel(Vocabulary vocabulary, bool ignoreMerges, BytePairEncoder encoder, BytePairEncoder textEncoder, IReadOnlySet<int> specialIds) =>
        (Vocabulary, _ignoreMerges, _encoder, _textEncoder, _specialIds) = (vocabulary, ignoreMerges, encoder, textEncoder, specialIds);

    public Vocabulary Vocabulary { get; }

    /// <param name="file">The file.</param>
    /// <param name="specialContents">Contents of the special added tokens, which text that is data must not become.</param>
    public static TokenizerModel Read(TokenizerFile file, IEnumerable<string> specialContents)
    {
        if (Setting("dropout") is { IsAbsent: false } dropout && !(dropout.Element.TryGetDouble(out double share) && share == 0))
            throw dropout.Error("only null or 0 is supported: encoding is deterministic");
        Vocabulary vocabulary = file.Vocabulary;
        int unknown = -1;
        if (Setting("unk_token") is { IsAbsent: false } unk && (unknown = vocabulary.Find(Encoding.UTF8.GetBytes(unk.AsString()))) < 0)
            throw unk.Error($"'{unk.AsString()}' is not in model.vocab");
        var initial = new InitialSymbols(
            vocabulary,
            Setting("byte_fallback").AsBool(false),
            unknown,
            Setting("fuse_unk").AsBool(false),
            Setting("continuing_subword_prefix").AsString(whenAbsent: ""),
            Setting("end_of_word_suffix").AsString(whenAbsent: ""));

        HashSet<int> special = [.. specialContents.Select(c => vocabulary.Find(Encoding.UTF8.GetBytes(c))).Where(id => id >= 0)];
        HashSet<int> bytes = [.. initial.ByteTokens];
        var isProduct = new bool[vocabulary.Size];
        bool joinsBytes = false, makesSpecial = false;
        foreach (Merge merge in file.Merges)
        {
            isProduct[merge.Product] = true;
            makesSpecial |= special.Contains(merge.Product);
            joinsBytes |= bytes.Contains(merge.Left) || bytes.Contains(merge.Right);
        }

        // Cutting is exact only where every symbol is a character (or a byte that never merges).
        MergeBarrier? barrier = initial.CoverEverything && !joinsBytes ? new MergeBarrier() : null;
        for (int id = 0; id < isProduct.Length && barrier is not null; id++)
        {
            if (isProduct[id])
                barrier.Add(vocabulary[id]);
        }
        var encoder = new BytePairEncoder(initial, new MergeTable(file.Merges), barrier);
        BytePairEncoder textEncoder = makesSpecial
            ? new BytePairEncoder(initial, new MergeTable([.. file.Merges.Where(m => !special.Contains(m.Product))]), barrier)
            : encoder;
        return new TokenizerModel(vocabulary, Setting("ignore_merges").AsBool(false), encoder, textEncoder, special);

        JsonPart Setting(string name) => new(file, $"model.{name}", file.Model.GetValueOrDefault(name));
    }

    /// <summary>Appends the ids of a piece of text.</summary>
    /// <param name="piece">Normalised text that no added token interrupts.</param>
    /// <param name="allowSpecial">False keeps spelled special tokens from becoming those tokens by whatever way the file opens.</param>
    /// <param name="ids">Appended to.</param>
    public void Encode(ReadOnlySpan<char> piece, bool allowSpecial, List<int> ids)
    {
        if (piece.IsEmpty)
            return;
        if (_ignoreMerges && Vocabulary.FindInModel(Encoding.UTF8.GetBytes(piece.ToArray())) is var whole and >= 0 && (allowSpecial || !_specialIds.Contains(whole)))
            ids.Add(whole);
        else
            (allowSpecial ? _encoder : _textEncoder).Encode(piece, ids);
    }
}
