namespace Gemma4.Engine;

/// <summary>What an engine resolved at start from its options, its model and its memory.</summary>
/// <param name="MaxContextLength">Tokens that a sequence may have, prompt and output together: the smallest of the model's, the option's
/// and what the KV cache can hold.</param>
/// <param name="KvCapacityTokens">Tokens that the KV cache's largest pool holds, over all sequences.</param>
/// <param name="KvBytesPerToken">What one token costs while every layer keeps it.</param>
/// <param name="KvCacheBytes">Bytes of all KV pools.</param>
/// <param name="BlockSize">KV positions in a block.</param>
/// <param name="MaxSequences">Sequences that may share a step.</param>
/// <param name="MaxTokensPerStep">Tokens that a step computes at most.</param>
public sealed record EngineInfo(
    int MaxContextLength,
    long KvCapacityTokens,
    long KvBytesPerToken,
    long KvCacheBytes,
    int BlockSize,
    int MaxSequences,
    int MaxTokensPerStep);
