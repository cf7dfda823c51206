using System.Runtime.InteropServices;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>Names a sequence among all that the engine serves.</summary>
/// <param name="Value">Unique over the engine's life, and smaller for those that came earlier.</param>
public readonly record struct SequenceId(long Value);

/// <summary>One stream of tokens being served: the prompt, then what was sampled; some of them computed.</summary>
public sealed class Sequence(SequenceId id, GenerationRequest request, int index, ulong seed)
{
    private readonly List<int> _tokenIds = [.. request.PromptTokenIds];

    /// <summary>Unique among all sequences.</summary>
    public SequenceId Id { get; } = id;

    /// <summary>The request it belongs to.</summary>
    public GenerationRequest Request { get; } = request;

    /// <summary>Which of the request's sequences, from 0.</summary>
    public int Index { get; } = index;

    /// <summary>Seeds its samples: token i is drawn from (seed, i), whatever runs beside it.</summary>
    public ulong Seed { get; } = seed;

    /// <summary>Its own constraint, made at admission; null when there is none.</summary>
    public ITokenConstraint? Constraint { get; } = request.Constraint?.Create();

    /// <summary>Prompt and generated tokens. Valid until the next append.</summary>
    public ReadOnlySpan<int> TokenIds => CollectionsMarshal.AsSpan(_tokenIds);

    /// <summary>Number of all tokens.</summary>
    public int NumTokens => _tokenIds.Count;

    /// <summary>Number of prompt tokens.</summary>
    public int NumPromptTokens => Request.PromptTokenIds.Length;

    /// <summary>Number of sampled tokens.</summary>
    public int NumOutputTokens => NumTokens - NumPromptTokens;

    /// <summary>True while the next token must not be one of <see cref="GenerationRequest.StopTokenIds"/>.</summary>
    public bool SuppressesStopTokens => NumOutputTokens < Request.MinTokens;

    /// <summary>Tokens whose keys and values are in the cache; a step lets it catch up with <see cref="NumTokens"/>.</summary>
    public int NumComputedTokens { get; internal set; }

    /// <summary>Prompt tokens found in the prefix cache at first admission.</summary>
    public int NumCachedTokens { get; internal set; }

    internal void Append(int tokenId) => _tokenIds.Add(tokenId);
}
