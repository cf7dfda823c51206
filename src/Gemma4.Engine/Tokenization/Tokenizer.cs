using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>Text to token ids and back, as a <c>tokenizer.json</c> (Hugging Face tokenizers) says. Immutable and thread-safe.</summary>
public sealed class Tokenizer
{
    private readonly TokenizerModel _model;
    private readonly Normalizer? _normalizer;
    private readonly PreTokenizer? _preTokenizer;
    private readonly PostProcessor _postProcessor;
    private readonly AddedTokenMatcher _inRaw;
    private readonly AddedTokenMatcher? _inNormalized;
    private readonly FrozenDictionary<int, AddedToken> _added;
    private readonly Lazy<TokenByteTable> _tokenBytes;

    private Tokenizer(TokenizerFile file)
    {
        AddedToken[] added = file.AddedTokens.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null
            ? []
            : [.. Part("added_tokens", file.AddedTokens).Items().Select(AddedToken.Read)];
        _model = TokenizerModel.Read(file, added.Where(t => t.Special).Select(t => t.Content));
        _normalizer = Normalizer.Read(Part("normalizer", file.Normalizer));
        _preTokenizer = PreTokenizer.Read(Part("pre_tokenizer", file.PreTokenizer));
        if (_normalizer is { KeepsPlaces: false } && _preTokenizer is { MindsStart: true })
            throw file.Error("pre_tokenizer", "prepend_scheme 'first' is not supported after a normalizer that moves text");
        _postProcessor = PostProcessor.Read(Part("post_processor", file.PostProcessor));
        DecoderPlan = DecoderPlan.Read(Part("decoder", file.Decoder));
        for (int i = 0; i < added.Length; i++)
            Register(added[i], file, $"added_tokens[{i}]");
        _model.Vocabulary.Trim();
        _added = added.DistinctBy(t => t.Id).ToFrozenDictionary(t => t.Id);
        _inRaw = new AddedTokenMatcher(added.Where(t => !t.Normalized).Select(t => (t, t.Content)));
        AddedToken[] normalized = [.. added.Where(t => t.Normalized)];
        _inNormalized = normalized.Length == 0
            ? null
            : new AddedTokenMatcher(normalized.Select(t => (t, _normalizer?.Apply(t.Content) ?? t.Content)));
        Special = new SpecialTokens(name => TryGetId(name, out int id) ? id : null);
        _tokenBytes = new Lazy<TokenByteTable>(() => new TokenByteTable(_model.Vocabulary, DecoderPlan));

        JsonPart Part(string key, JsonElement element) => new(file, key, element);
    }

    /// <summary>The highest token id plus one.</summary>
    public int VocabularySize => _model.Vocabulary.Size;

    /// <summary>Tokens that steer the model, by name.</summary>
    public SpecialTokens Special { get; }

    internal DecoderPlan DecoderPlan { get; }

    /// <summary>Reads a <c>tokenizer.json</c>, or a <c>.gz</c> of one.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is damaged or says something that is not supported; the message names
    /// the file, the key and the cause.</exception>
    public static Tokenizer Load(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new Tokenizer(TokenizerFile.Read(path));
    }

    /// <summary>Makes a tokenizer of arrays.</summary>
    /// <exception cref="InvalidDataException">They do not belong together; the message names the file, the key and the cause.</exception>
    internal static Tokenizer Of(TokenizerArrays arrays) => new(TokenizerFile.Of(arrays));

    /// <summary>Encodes text in which added tokens (<c>&lt;|turn&gt;</c> and the like) stand for themselves: the text of a template.</summary>
    /// <param name="text">Any text; halves of surrogate pairs count as U+FFFD.</param>
    /// <returns>The ids, without those that the file's post-processor adds.</returns>
    public int[] Encode(string text) => Encode(text, recogniseAddedTokens: true);

    /// <summary>Encodes text that is data: a spelled <c>&lt;turn|&gt;</c> becomes the tokens of its characters, never the control token.</summary>
    /// <param name="text">Any text; halves of surrogate pairs count as U+FFFD.</param>
    /// <returns>The ids.</returns>
    public int[] EncodeText(string text) => Encode(text, recogniseAddedTokens: false);

    /// <summary>As <see cref="Encode(string)"/>, between the ids that the file's <c>post_processor</c> puts around a text
    /// (<c>&lt;bos&gt;</c> with Gemma 3 and base models, nothing with instruction-tuned Gemma 4).</summary>
    /// <param name="text">Any text.</param>
    /// <returns>The ids.</returns>
    public int[] EncodeWithPostProcessor(string text) => [.. _postProcessor.Before, .. Encode(text), .. _postProcessor.After];

    /// <summary>Encodes a text and appends its ids.</summary>
    /// <param name="text">Any text; halves of surrogate pairs count as U+FFFD.</param>
    /// <param name="recogniseAddedTokens">Whether added tokens in the text become their ids.</param>
    /// <param name="ids">Appended to.</param>
    public void Encode(ReadOnlySpan<char> text, bool recogniseAddedTokens, List<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        text = UnicodeText.Repair(text);
        if (!recogniseAddedTokens)
        {
            EncodeUninterrupted(text, atStart: true, recogniseAddedTokens, ids);
            return;
        }
        int taken = 0;
        for (int scan = 0; _inRaw.TryNext(text, ref scan, taken, out AddedTokenMatcher.Match match); taken = match.End)
        {
            EncodeUninterrupted(text[taken..match.Start], taken == 0, recogniseAddedTokens, ids);
            ids.Add(match.Token.Id);
        }
        EncodeUninterrupted(text[taken..], taken == 0, recogniseAddedTokens, ids);
    }

    /// <summary>Finds the next added token in a text as it stands, as <see cref="Encode(string)"/> does.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="scan">Where to look from; moved behind what was looked at.</param>
    /// <param name="taken">Characters before this belong to the token before.</param>
    /// <param name="id">The token's id.</param>
    /// <param name="start">Its first character, with the white space it takes.</param>
    /// <param name="end">Behind its last.</param>
    internal bool TryFindAddedToken(ReadOnlySpan<char> text, ref int scan, int taken, out int id, out int start, out int end)
    {
        bool found = _inRaw.TryNext(text, ref scan, taken, out AddedTokenMatcher.Match match);
        (id, start, end) = found ? (match.Token.Id, match.Start, match.End) : (-1, 0, 0);
        return found;
    }

    /// <summary>Decodes ids with the file's decoder. Ids that the file does not name give nothing.</summary>
    /// <param name="ids">Token ids.</param>
    /// <param name="skipSpecialTokens">Leave special tokens out.</param>
    /// <returns>The text; bytes that are not UTF-8 show as U+FFFD.</returns>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecialTokens = false)
    {
        var collected = new CollectStep();
        DecoderStep chain = DecoderPlan.Chain(collected);
        foreach (int id in ids)
            Push(id, skipSpecialTokens, chain);
        chain.End();
        return collected.Take();
    }

    /// <summary>The bytes that a token gives to the decoded text when it stands amid others: spaces as spaces, byte tokens as
    /// their byte, added tokens as they are written. They need not be whole characters.</summary>
    /// <param name="id">A token id.</param>
    /// <returns>Empty where the file has no such token. The tokenizer owns the memory.</returns>
    public ReadOnlySpan<byte> TokenBytes(int id) => _tokenBytes.Value[id];

    /// <summary>The token as the vocabulary writes it.</summary>
    /// <param name="id">A token id.</param>
    /// <returns>Empty where the file has no such token.</returns>
    public string TokenText(int id) => _model.Vocabulary.Text(id);

    /// <summary>Finds a token by how the vocabulary writes it.</summary>
    /// <param name="token">The token.</param>
    /// <param name="id">Its id, -1 where there is none.</param>
    /// <returns>Whether there is one.</returns>
    public bool TryGetId(string token, out int id)
    {
        ArgumentNullException.ThrowIfNull(token);
        id = _model.Vocabulary.Find(Encoding.UTF8.GetBytes(token));
        return id >= 0;
    }

    /// <summary>Whether the token is an added one marked <c>special</c>: it steers the model and is no text.</summary>
    /// <param name="id">A token id.</param>
    public bool IsSpecial(int id) => _added.TryGetValue(id, out AddedToken? token) && token.Special;

    /// <summary>Whether the token is one of the file's <c>added_tokens</c>.</summary>
    /// <param name="id">A token id.</param>
    public bool IsAddedToken(int id) => _added.ContainsKey(id);

    internal void Push(int id, bool skipSpecialTokens, DecoderStep chain)
    {
        if (!_model.Vocabulary.Contains(id) || (skipSpecialTokens && IsSpecial(id)))
            return;
        ReadOnlySpan<byte> utf8 = _model.Vocabulary[id];
        Span<char> chars = utf8.Length <= 256 ? stackalloc char[256] : new char[utf8.Length];
        chain.Text(chars[..Encoding.UTF8.GetChars(utf8, chars)]);
        chain.EndToken();
    }

    private int[] Encode(string text, bool recogniseAddedTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<int> ids = new(text.Length / 4 + 4);
        Encode(text, recogniseAddedTokens, ids);
        return CollectionsMarshal.AsSpan(ids).ToArray();
    }

    private void Register(AddedToken token, TokenizerFile file, string key)
    {
        byte[] content = Encoding.UTF8.GetBytes(token.Content);
        if (_model.Vocabulary.Find(content) == token.Id)
            return;
        if (_model.Vocabulary.Add(content, token.Id, Vocabulary.Origin.AddedTokens) is { } refusal)
            throw file.Error($"{key} ('{token.Content}', id {token.Id})", refusal);
    }

    /// <summary>Encodes text between added tokens of the raw text.</summary>
    private void EncodeUninterrupted(ReadOnlySpan<char> text, bool atStart, bool recogniseAddedTokens, List<int> ids)
    {
        if (text.IsEmpty)
            return;
        if (_normalizer is null && _preTokenizer is null && (_inNormalized is null || !recogniseAddedTokens))
        {
            _model.Encode(text, recogniseAddedTokens, ids);
            return;
        }
        string normalized = text.ToString();
        if (_normalizer is not null)
            normalized = _normalizer.Apply(normalized);
        int taken = 0;
        if (recogniseAddedTokens && _inNormalized is not null)
        {
            for (int scan = 0; _inNormalized.TryNext(normalized, ref scan, taken, out AddedTokenMatcher.Match match); taken = match.End)
            {
                EncodePieces(normalized.AsMemory()[taken..match.Start], atStart && taken == 0, recogniseAddedTokens, ids);
                ids.Add(match.Token.Id);
            }
        }
        EncodePieces(normalized.AsMemory()[taken..], atStart && taken == 0, recogniseAddedTokens, ids);
    }

    private void EncodePieces(ReadOnlyMemory<char> text, bool atStart, bool allowSpecial, List<int> ids)
    {
        if (_preTokenizer is null)
        {
            _model.Encode(text.Span, allowSpecial, ids);
            return;
        }
        List<TextPiece> pieces = [];
        if (!text.IsEmpty)
            _preTokenizer.Split(new TextPiece(text, atStart), pieces);
        foreach (TextPiece piece in pieces)
            _model.Encode(piece.Text.Span, allowSpecial, ids);
    }
}
