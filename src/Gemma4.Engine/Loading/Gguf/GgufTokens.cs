using System.Text;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>The vocabulary's tokens that steer the model, by how they are written.</summary>
/// <remarks>A file names the ids of few of them, and of no media token; their text is what they are known by.</remarks>
internal sealed class GgufTokens
{
    /// <summary>The key of the vocabulary.</summary>
    public const string Key = "tokenizer.ggml.tokens";

    private const int MaxMarkBytes = 32;

    private readonly Dictionary<string, int> _marks;

    private GgufTokens(int count, Dictionary<string, int> marks) => (Count, _marks) = (count, marks);

    /// <summary>Tokens of the vocabulary.</summary>
    public int Count { get; }

    /// <summary>Reads them.</summary>
    /// <exception cref="CheckpointException">The file has no vocabulary.</exception>
    public static GgufTokens Read(GgufMetadata keys)
    {
        if (keys.Find(Key) is not { IsArray: true, Type: GgufType.String, Count: > 0 } tokens)
            throw keys.Refuse(Key, "expected an array of strings; the file has no vocabulary");
        var marks = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int id = 0; id < tokens.Count; id++)
        {
            ReadOnlySpan<byte> token = tokens.String(id)!.Value.Span;
            if (token.Length is > 2 and <= MaxMarkBytes && token[0] == '<' && token[^1] == '>')
                marks.TryAdd(Encoding.UTF8.GetString(token), id);
        }
        return new GgufTokens(tokens.Count, marks);
    }

    /// <summary>The id of a mark such as <c>&lt;turn|&gt;</c>; null where the vocabulary has none.</summary>
    public int? Find(string mark) => _marks.TryGetValue(mark, out int id) ? id : null;
}
