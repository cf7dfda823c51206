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
        string prefix = Setting("continuing_subword_prefix").AsString(whenAbsent: "");
        string suffix = Setting("end_of_word_suffix").AsString(whenAbsent: "");
        Vocabulary vocabulary = VocabularyReader.Read(file);
        int unknown = -1;
        if (Setting("unk_token") is { IsAbsent: false } unk && (unknown = vocabulary.Find(unk.AsString())) < 0)
            throw unk.Error($"'{unk.AsString()}' is not in model.vocab");
        var initial = new InitialSymbols(
            vocabulary, Setting("byte_fallback").AsBool(false), unknown, Setting("fuse_unk").AsBool(false), prefix, suffix);

        HashSet<int> special = [.. specialContents.Select(c => vocabulary.Find(c)).Where(id => id >= 0)];
        HashSet<int> bytes = [.. initial.ByteTokens];
        var merges = new MergeTable(CountMerges(file));
        List<(int Left, int Right, int Rank, int Product)> intoSpecial = [];
        var isProduct = new bool[vocabulary.Size];
        bool joinsBytes = false;
        new MergeReader(file, vocabulary, System.Text.Encoding.UTF8.GetByteCount(prefix)).Read((left, right, rank, product) =>
        {
            merges.Set(left, right, rank, product);
            isProduct[product] = true;
            if (special.Contains(product))
                intoSpecial.Add((left, right, rank, product));
            joinsBytes |= bytes.Contains(left) || bytes.Contains(right);
        });

        // Cutting is exact only where every symbol is a character (or a byte that never merges).
        MergeBarrier? barrier = initial.CoverEverything && !joinsBytes ? new MergeBarrier() : null;
        for (int id = 0; id < isProduct.Length && barrier is not null; id++)
        {
            if (isProduct[id])
                barrier.Add(vocabulary[id]);
        }
        var encoder = new BytePairEncoder(initial, merges, barrier);
        BytePairEncoder textEncoder = intoSpecial.Count == 0
            ? encoder
            : new BytePairEncoder(initial, merges.Without(intoSpecial.Select(m => (m.Left, m.Right))), barrier);
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
        if (_ignoreMerges && Vocabulary.Find(piece) is var whole and >= 0 && (allowSpecial || !_specialIds.Contains(whole)))
            ids.Add(whole);
        else
            (allowSpecial ? _encoder : _textEncoder).Encode(piece, ids);
    }

    /// <summary>A close upper bound: every pair opens a bracket, every string has two quotes.</summary>
    private static int CountMerges(TokenizerFile file)
    {
        ReadOnlySpan<byte> json = file[file.Merges];
        return Math.Max(json[1..].Count((byte)'['), json[1..].TrimStart(" \t\r\n"u8).StartsWith("["u8) ? 0 : json.Count((byte)'"') / 2);
    }
}
