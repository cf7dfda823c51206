using Gemma4.Engine.Parsing;
using Gemma4.Engine.Requests;

namespace Gemma4.Server.Streaming;

/// <summary>One sequence of a generation while it runs: its parser, its tokens and its counts.</summary>
internal sealed class SequenceProgress(OutputParser parser, ReasoningCounter reasoning)
{
    private readonly List<int> _tokenIds = [];

    /// <summary>The generated tokens so far.</summary>
    public IReadOnlyList<int> TokenIds => _tokenIds;

    /// <summary>Those of them that are thoughts.</summary>
    public int ReasoningTokens => reasoning.Count;

    /// <summary>Found in the prefix cache.</summary>
    public int CachedTokens { get; private set; }

    /// <summary>Sum of the tokens' log-probabilities, where they are reported.</summary>
    public double SumLogprobs { get; private set; }

    /// <summary>Nothing more comes of it, whatever the engine still reports.</summary>
    public bool HasEnded => parser.IsFinished;

    /// <summary>Takes a token event and gives what became certain by it.</summary>
    public IReadOnlyList<GenerationEvent> Push(in TokenEvent token)
    {
        CachedTokens = token.NumCachedTokens;
        if (token.TokenId is int id)
        {
            _tokenIds.Add(id);
            reasoning.Add(id);
            SumLogprobs += token.Logprobs?.Logprob ?? 0;
        }
        return parser.Append(token);
    }

    /// <summary>Logs and counts what was irregular in the answer.</summary>
    public void Report(string requestId, ILogger log, ParserMetrics metrics) => parser.Report(requestId, log, metrics);
}
