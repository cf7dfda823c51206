using System.Text;
using System.Text.Json;

namespace Gemma4.Engine.Tokenization;

/// <summary>Reads <c>model.vocab</c>, an object of token to id.</summary>
internal static class VocabularyReader
{
    private const string Key = "model.vocab";

    /// <summary>Reads on from the object's beginning to its end.</summary>
    public static Vocabulary Read(TokenizerFile file, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw file.Error(Key, "an object of token to id is expected");
        var vocabulary = new Vocabulary();
        byte[] scratch = new byte[256];
        try
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                ReadOnlySpan<byte> token = Utf8(ref reader, ref scratch);
                string? refusal = !reader.Read() || reader.TokenType != JsonTokenType.Number || !reader.TryGetInt32(out int id)
                    ? "the id is not a whole number"
                    : vocabulary.Add(token, id);
                if (refusal is not null)
                    throw file.Error($"{Key}['{Encoding.UTF8.GetString(token)}']", refusal);
            }
        }
        catch (InvalidOperationException e)
        {
            throw file.Error(Key, $"a token is not Unicode text: {e.Message}");
        }
        return vocabulary;
    }

    /// <summary>The unescaped UTF-8 of the reader's string; valid until the reader or the scratch moves on.</summary>
    /// <exception cref="InvalidOperationException">The string is not Unicode text: it escapes half of a surrogate pair.</exception>
    public static ReadOnlySpan<byte> Utf8(ref Utf8JsonReader reader, ref byte[] scratch)
    {
        if (!reader.ValueIsEscaped)
            return reader.ValueSpan;
        if (reader.ValueSpan.Length > scratch.Length)
            scratch = new byte[reader.ValueSpan.Length];
        return scratch.AsSpan(0, reader.CopyString(scratch));
    }
}
