using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Testing;

/// <summary>
/// A language model made of bookkeeping: one layer a KV group. What a layer stores at a position depends on all that the layers below
/// read there, as in a transformer, so a wrong slot anywhere changes every later token.
/// </summary>
/// <param name="VocabularySize">Tokens are 0 to this, exclusive.</param>
/// <param name="Groups">Windows of the layers.</param>
/// <param name="MediaIsBidirectional">Media tokens read all of their own item.</param>
internal sealed record LedgerModel(int VocabularySize, ImmutableArray<KvGroupSpec> Groups, bool MediaIsBidirectional)
{
    /// <summary>What the first layer sees at a position: the token, what the adapter makes of it, and the image or audio that stands there.</summary>
    public static ulong Embed(GenerationRequest request, int position, int tokenId)
    {
        ulong x = Mix((ulong)tokenId + 1 + ((ulong)(request.Adapter?.Value + 1 ?? 0) << 32));
        return FindMedia(request, position) is { } item
            ? Mix(x ^ (ulong)item.ContentHash ^ ((ulong)(position - item.FirstToken) << 32))
            : x;
    }

    /// <summary>A stored value as it is read at its position.</summary>
    public static ulong AtPosition(ulong value, int position) => Mix(value + (0x9E3779B97F4A7C15 * (ulong)(position + 1)));

    /// <summary>What the next layer sees.</summary>
    public static ulong NextLayer(ulong value, ulong read) => Mix(value ^ Mix(read));

    /// <summary>The token sampled after a position: what is drawn, or the next that the mask allows. An empty mask allows all.</summary>
    public int Sample(ulong top, ulong seed, int numTokens, ReadOnlySpan<uint> mask = default)
    {
        int token = (int)(Mix(top ^ Mix(seed + (ulong)numTokens)) % (ulong)VocabularySize);
        while (mask.Length > 0 && (mask[token >> 5] >> (token & 31) & 1) == 0)
            token = (token + 1) % VocabularySize;
        return token;
    }

    /// <summary>The made-up log-probability of a prompt token, from what the position before it saw.</summary>
    public static TokenLogprobs PromptLogprob(ulong topBefore, int tokenId) =>
        new(-(float)(Mix(topBefore + (ulong)tokenId) % 1000) / 100, []);

    /// <summary>Positions that a layer reads for the token at <paramref name="position"/>.</summary>
    public (int First, int End) Visible(GenerationRequest request, int group, int position)
    {
        int first = Groups[group].Window is { } window ? Math.Max(0, position - window + 1) : 0;
        if (MediaIsBidirectional && FindMedia(request, position) is { } item)
            return (Math.Min(first, item.FirstToken), item.FirstToken + item.NumSoftTokens);
        return (first, position + 1);
    }

    /// <summary>The tokens a sequence must get: computed alone, without blocks, chunks or cache.</summary>
    public List<int> Generate(GenerationRequest request, ulong seed, int maxTokens) => new LedgerOracle(this, request, seed).Generate(maxTokens);

    private static MediaItem? FindMedia(GenerationRequest request, int position)
    {
        foreach (MediaItem item in request.Media)
        {
            if (position >= item.FirstToken && position < item.FirstToken + item.NumSoftTokens)
                return item;
        }
        return null;
    }

    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
