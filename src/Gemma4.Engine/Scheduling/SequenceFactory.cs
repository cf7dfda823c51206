using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Scheduling;

/// <summary>Refuses requests that can never be served and makes the sequences of the others. Thread-safe: it runs on the caller's task.</summary>
/// <param name="plan">The KV cache.</param>
/// <param name="limits">What one step may hold.</param>
/// <param name="sharesPrefixes">False keeps requests apart; the sequences of one request share its prompt all the same.</param>
/// <param name="adapters">Those that requests may name; null is none.</param>
internal sealed class SequenceFactory(KvCachePlan plan, SchedulerLimits limits, bool sharesPrefixes, ImmutableHashSet<AdapterId>? adapters = null)
{
    /// <summary>Makes a request's sequences.</summary>
    /// <param name="request">What is asked for.</param>
    /// <param name="firstId">Id of sequence 0; the others follow.</param>
    /// <param name="seed">Of the request; each sequence gets its own from it.</param>
    /// <exception cref="RequestRejectedException">It can never be served.</exception>
    public ImmutableArray<Sequence> Create(GenerationRequest request, long firstId, ulong seed)
    {
        CheckShape(request);
        if (request.Adapter is { } adapter && adapters?.Contains(adapter) != true)
        {
            throw new RequestRejectedException(
                RejectionReason.InvalidRequest, $"There is no adapter {adapter.Value}; ask for one that is loaded, or for the model itself.", "model", "model_not_found");
        }
        int maxOutputTokens = MaxOutputTokens(request);
        KeyedSpan[] spans = [.. request.Media.Select(m => new KeyedSpan(m.FirstToken, m.NumSoftTokens, m.ContentHash))];
        BlockHashChain? chain = HashPrompt(request, firstId, spans);
        var sequences = ImmutableArray.CreateBuilder<Sequence>(request.NumSequences);
        for (int i = 0; i < request.NumSequences; i++)
        {
            var kv = new SequenceKv(plan.Groups.Length, chain is null || i == 0 ? chain : new BlockHashChain(chain));
            sequences.Add(new Sequence(new SequenceId(firstId + i), request, i, SeedOf(seed, i), kv, spans, maxOutputTokens));
        }
        return sequences.MoveToImmutable();
    }

    /// <summary>Sequence 0 has the request's seed; the others are far from it and from each other.</summary>
    private static ulong SeedOf(ulong seed, int index) => unchecked(seed + ((ulong)index * 0x9E3779B97F4A7C15));

    private static void CheckShape(GenerationRequest request)
    {
        if (request.PromptTokenIds.IsDefaultOrEmpty)
            throw new RequestRejectedException(RejectionReason.InvalidRequest, "The prompt has no tokens.");
        if (request.NumSequences < 1)
            throw new RequestRejectedException(RejectionReason.InvalidRequest, "At least one sequence must be asked for.", "n");
        if (request.MaxTokens < 0)
            throw new RequestRejectedException(RejectionReason.InvalidRequest, "The token limit must not be negative.", "max_tokens");
        int end = 0;
        foreach (MediaItem item in request.Media)
        {
            if (item.NumSoftTokens < 1 || item.FirstToken < end || item.NumSoftTokens > request.PromptTokenIds.Length - item.FirstToken)
                throw new RequestRejectedException(RejectionReason.InvalidMedia, "A media item does not lie in the prompt where it should.");
            end = item.FirstToken + item.NumSoftTokens;
        }
    }

    private int MaxOutputTokens(GenerationRequest request)
    {
        int wholeSpan = 1;
        if (limits.MediaIsBidirectional)
        {
            foreach (MediaItem item in request.Media)
                wholeSpan = Math.Max(wholeSpan, item.NumSoftTokens);
        }
        if (wholeSpan > limits.MaxWholeSpan)
        {
            throw new RequestRejectedException(
                RejectionReason.InvalidMedia,
                $"A media item of {wholeSpan} tokens is larger than a step can compute at once ({limits.MaxWholeSpan}); use a smaller budget.");
        }
        int limit = Math.Min(limits.MaxContextLength, plan.MaxTokens(wholeSpan));
        int numPrompt = request.PromptTokenIds.Length;
        int room = limit - numPrompt;
        if (room < Math.Min(1, request.MaxTokens ?? 1))
        {
            throw new RequestRejectedException(
                RejectionReason.ContextLengthExceeded,
                $"The prompt has {numPrompt} tokens, which leaves no room for an answer: this model serves at most {limit} tokens, "
                + "prompt and answer together. Shorten the prompt.",
                code: "context_length_exceeded");
        }
        return Math.Min(request.MaxTokens ?? int.MaxValue, room);
    }

    private BlockHashChain? HashPrompt(GenerationRequest request, long firstId, KeyedSpan[] spans)
    {
        byte[] root;
        if (sharesPrefixes)
        {
            root = request.CacheSalt is { } salt ? [1, .. Encoding.UTF8.GetBytes(salt)] : [0];
        }
        else if (request.NumSequences > 1)
        {
            root = new byte[9];
            root[0] = 2;
            BinaryPrimitives.WriteInt64LittleEndian(root.AsSpan(1), firstId);
        }
        else
        {
            return null;
        }
        // What an adapter's weights make of a prompt is nothing to the model itself or to another adapter.
        if (request.Adapter is { } adapter)
        {
            byte[] id = new byte[5];
            id[0] = 3;
            BinaryPrimitives.WriteInt32LittleEndian(id.AsSpan(1), adapter.Value);
            root = [.. id, .. root];
        }
        var chain = new BlockHashChain(plan.BlockSize, root, spans);
        chain.Extend(request.PromptTokenIds.AsSpan());
        return chain;
    }
}
