using Gemma4.Engine.KvCache;

namespace Gemma4.Engine.Scheduling;

/// <summary>Lets a sequence wait while another computes what it could share, so that equal prefixes are computed once.</summary>
/// <remarks>This is also how the n sequences of a request share their prompt: sequence 0 computes it, the others find it.</remarks>
internal static class SharedPrefixWait
{
    /// <summary>True while the wait that <see cref="TryBegin"/> began has a point.</summary>
    public static bool Continues(Sequence sequence)
    {
        if (sequence.WaitsFor is not { } other)
            return false;
        if (other.State == SequenceState.Running && other.NumComputedTokens < sequence.WaitsForTokens && sequence.WaitsForTokens <= other.NumComputableTokens)
            return true;
        sequence.WaitsFor = null;
        return false;
    }

    /// <summary>Begins a wait if a running sequence is about to compute the block after the hit.</summary>
    /// <param name="sequence">Waiting.</param>
    /// <param name="hit">Blocks it found.</param>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="running">All that run.</param>
    public static bool TryBegin(Sequence sequence, int hit, int blockSize, ReadOnlySpan<Sequence> running)
    {
        if (sequence.Kv.Chain is not { } chain)
            return false;
        int most = Math.Min(chain.Hashes.Length, (sequence.NumTokens - 1) / blockSize);
        if (hit >= most)
            return false;
        foreach (Sequence other in running)
        {
            if (other.Kv.Chain is not { } otherChain || other.NumComputedTokens >= (hit + 1) * blockSize)
                continue;
            // Not for what the other computes only once it has its mask.
            int shared = Math.Min(NumShared(chain.Hashes[..most], otherChain.Hashes, hit), other.NumComputableTokens / blockSize);
            if (shared <= hit)
                continue;
            sequence.WaitsFor = other;
            sequence.WaitsForTokens = shared * blockSize;
            return true;
        }
        return false;
    }

    private static int NumShared(ReadOnlySpan<BlockHash> a, ReadOnlySpan<BlockHash> b, int from)
    {
        int shared = from;
        while (shared < a.Length && shared < b.Length && a[shared] == b[shared])
            shared++;
        return shared;
    }
}
