using System.Text;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.Mapping.OpenAI;
using Gemma4.Server.OpenAI.Completions;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>Log-probabilities in the older layout, for one answer; offsets go on from call to call.</summary>
internal sealed class TextLogprobMapper(Tokenizer tokenizer, int numTop)
{
    private int _offset;

    /// <summary>The prompt's tokens; its first has none.</summary>
    /// <param name="prompt">All of them.</param>
    /// <param name="logprobs">Of the second token to the last.</param>
    public TextLogprobs MapPrompt(IReadOnlyList<int> prompt, IReadOnlyList<TokenLogprobs> logprobs) =>
        Map([.. prompt.Select((id, i) => (id, i == 0 ? null : logprobs[i - 1]))]);

    /// <summary>Tokens of the answer.</summary>
    public TextLogprobs Map(IEnumerable<(int TokenId, TokenLogprobs Logprobs)> tokens) =>
        Map([.. tokens.Select(t => (t.TokenId, (TokenLogprobs?)t.Logprobs))]);

    private TextLogprobs Map((int TokenId, TokenLogprobs? Logprobs)[] tokens)
    {
        int[] offsets = new int[tokens.Length];
        string[] texts = new string[tokens.Length];
        for (int i = 0; i < tokens.Length; i++)
        {
            texts[i] = Text(tokens[i].TokenId);
            offsets[i] = _offset;
            if (!tokenizer.IsSpecial(tokens[i].TokenId))   // not part of the text
                _offset += texts[i].Length;
        }
        return new TextLogprobs
        {
            Tokens = texts,
            TextOffset = offsets,
            TokenLogprobs = [.. tokens.Select(t => t.Logprobs is { } l ? LogprobMapper.Finite(l.Logprob) : (double?)null)],
            TopLogprobs = [.. tokens.Select(t => t.Logprobs is { } l ? Top(t.TokenId, l) : null)],
        };
    }

    /// <summary>The best tokens and the chosen one, which may be one more than was asked for.</summary>
    private Dictionary<string, double> Top(int chosen, TokenLogprobs logprobs)
    {
        var top = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (TokenLogprob candidate in logprobs.Top.Take(numTop))
            top.TryAdd(Text(candidate.TokenId), LogprobMapper.Finite(candidate.Logprob));
        top.TryAdd(Text(chosen), LogprobMapper.Finite(logprobs.Logprob));
        return top;
    }

    private string Text(int tokenId) => Encoding.UTF8.GetString(tokenizer.TokenBytes(tokenId));
}
