using System.Collections;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine;

/// <summary>The tokenizer that a GGUF file's metadata describe.</summary>
internal static class GgufTokenizer
{
    private const string Prefix = "tokenizer.ggml.";

    /// <summary>Tokens by the names templates know them by, as a released <c>tokenizer_config.json</c> has them.</summary>
    private static readonly (string Name, string Token)[] Named =
    [
        ("bos_token", "<bos>"), ("eos_token", "<eos>"), ("unk_token", "<unk>"), ("pad_token", "<pad>"), ("mask_token", "<mask>"),
        ("sot_token", "<|turn>"), ("eot_token", "<turn|>"), ("soc_token", "<|channel>"), ("eoc_token", "<channel|>"), ("think_token", "<|think|>"),
        ("std_token", "<|tool>"), ("etd_token", "<tool|>"), ("stc_token", "<|tool_call>"), ("etc_token", "<tool_call|>"),
        ("str_token", "<|tool_response>"), ("etr_token", "<tool_response|>"), ("escape_token", "<|\"|>"),
        ("boi_token", "<|image>"), ("image_token", "<|image|>"), ("eoi_token", "<image|>"),
        ("boa_token", "<|audio>"), ("audio_token", "<|audio|>"), ("eoa_token", "<audio|>"),
    ];

    /// <summary>Makes the tokenizer.</summary>
    /// <exception cref="CheckpointException">A key is missing or out of bounds, or asks for what is not supported.</exception>
    /// <exception cref="InvalidDataException">The vocabulary is damaged.</exception>
    public static Tokenizer Load(GgufMetadata keys)
    {
        keys.MustBe(Prefix + "model", "gemma4");
        if (keys.Bool(Prefix + "add_space_prefix", absent: false))
            throw keys.Refuse(Prefix + "add_space_prefix", "found true; only false is supported");
        StringList tokens = Strings(keys, TokenizerArrays.TokensKey);
        int last = tokens.Count - 1;
        return Tokenizer.Of(new TokenizerArrays
        {
            File = keys.File,
            Tokens = tokens,
            Kinds = [.. keys.Ints(Prefix + "token_type", 0, int.MaxValue, tokens.Count).Select(kind => (TokenKind)kind)],
            Merges = Strings(keys, TokenizerArrays.MergesKey),
            Unknown = keys.OptionalInt(Prefix + "unknown_token_id", 0, last),
            Before = keys.Bool(Prefix + "add_bos_token", absent: true) ? keys.OptionalInt(Prefix + "bos_token_id", 0, last) : null,
        });
    }

    /// <summary>Tokens by the names templates know them by.</summary>
    public static IReadOnlyDictionary<string, string> SpecialTokens(Tokenizer tokenizer) =>
        Named.Where(n => tokenizer.TryGetId(n.Token, out _)).ToDictionary(n => n.Name, n => n.Token);

    private static StringList Strings(GgufMetadata keys, string key) => keys.Find(key) is { IsArray: true, Type: GgufType.String } strings
        ? new StringList(strings)
        : throw keys.Missing(key, "an array of strings");

    /// <summary>Strings of the metadata as they lie there.</summary>
    private sealed class StringList(GgufValue strings) : IReadOnlyList<ReadOnlyMemory<byte>>
    {
        public int Count => strings.Count;

        public ReadOnlyMemory<byte> this[int index] => strings.String(index)!.Value;

        public IEnumerator<ReadOnlyMemory<byte>> GetEnumerator()
        {
            for (int i = 0; i < Count; i++)
                yield return this[i];
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
