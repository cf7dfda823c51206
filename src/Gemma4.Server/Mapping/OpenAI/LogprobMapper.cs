using System.Collections.Immutable;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Tokenization;
using Gemma4.Server.OpenAI.Chat;

namespace Gemma4.Server.Mapping.OpenAI;

/// <summary>Log-probabilities in chat's layout.</summary>
internal sealed class LogprobMapper(Tokenizer tokenizer, int numTop)
{
    /// <summary>JSON has no infinity; the API's floor stands for it.</summary>
    private const double Floor = -9999;

    public IEnumerable<TokenLogprobDto> Map(ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> tokens) => tokens.Select(Map);

    /// <summary>A finite number of at least the floor.</summary>
    public static double Finite(float logprob) => float.IsNaN(logprob) ? Floor : Math.Max(logprob, Floor);

    private TokenLogprobDto Map((int TokenId, TokenLogprobs Logprobs) token) => new()
    {
        Token = Text(token.TokenId),
        Logprob = Finite(token.Logprobs.Logprob),
        Bytes = Bytes(token.TokenId),
        TopLogprobs = [.. token.Logprobs.Top.Take(numTop).Select(t => new TopLogprobDto(Text(t.TokenId), Finite(t.Logprob), Bytes(t.TokenId)))],
    };

    private string Text(int tokenId) => System.Text.Encoding.UTF8.GetString(tokenizer.TokenBytes(tokenId));

    private int[] Bytes(int tokenId)
    {
        ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(tokenId);
        int[] numbers = new int[bytes.Length];
        for (int i = 0; i < bytes.Length; i++)
            numbers[i] = bytes[i];
        return numbers;
    }
}
