using System.Diagnostics;

namespace Gemma4.Engine.KvCache;

/// <summary>Gives sequences the blocks they need in every group, takes back what they no longer read, and finds shared prefixes.</summary>
/// <remarks>Arithmetic only. All groups move together: a call that refuses has changed nothing.</remarks>
internal sealed class KvCacheManager
{
    private readonly KvGroup[] _groups;
    private readonly int _blockSize;

    /// <summary>A cache with every block free.</summary>
    public KvCacheManager(KvCachePlan plan)
    {
        Plan = plan;
        _blockSize = plan.BlockSize;
        _groups = new KvGroup[plan.Groups.Length];
        for (int g = 0; g < _groups.Length; g++)
            _groups[g] = KvGroup.Create(plan.Groups[g], plan.BlockSize, plan.NumBlocks[g]);
    }

    /// <summary>Sizes.</summary>
    public KvCachePlan Plan { get; }

    /// <summary>By group.</summary>
    public ReadOnlySpan<KvGroup> Groups => _groups;

    /// <summary>Share of held blocks in the fullest group, 0 to 1.</summary>
    public double Usage
    {
        get
        {
            double usage = 0;
            foreach (KvGroup group in _groups)
                usage = Math.Max(usage, 1 - ((double)group.Pool.NumFree / group.Pool.NumBlocks));
            return usage;
        }
    }

    /// <summary>Finds how many leading blocks of a sequence need no computing.</summary>
    /// <param name="kv">The sequence; it holds nothing.</param>
    /// <param name="maxTokens">The hit covers no more than these.</param>
    /// <param name="whole">Spans that the hit must not end inside, in order.</param>
    public int FindPrefix(SequenceKv kv, int maxTokens, ReadOnlySpan<KeyedSpan> whole)
    {
        if (kv.Chain is null)
            return 0;
        ReadOnlySpan<BlockHash> hashes = kv.Chain.Hashes;
        int hit = Math.Min(hashes.Length, maxTokens / _blockSize);
        int before;
        do
        {
            before = hit;
            foreach (KvGroup group in _groups)
                hit = group.LongestHit(hashes, hit);
            hit = AvoidSplit(hit, whole);
        }
        while (hit != before);
        return hit;
    }

    /// <summary>Says whether a sequence that begins with a hit could hold all of <paramref name="numTokens"/> now.</summary>
    /// <param name="kv">The sequence; it holds nothing.</param>
    /// <param name="hit">Blocks found.</param>
    /// <param name="numTokens">Tokens, those of the hit included.</param>
    /// <param name="chunk">Tokens of its largest step.</param>
    public bool HasRoomFor(SequenceKv kv, int hit, int numTokens, int chunk)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            KvGroup group = _groups[g];
            int first = group.FirstBlockNeeded(hit * _blockSize);
            int needed = KvCachePlan.BlocksNeeded(Plan.Groups[g], numTokens, chunk, _blockSize);
            for (int i = first; i < hit; i++)
            {
                bool found = group.Pool.TryFind(kv.Chain!.Hashes[i], out BlockId block);
                Debug.Assert(found, "a hit was found just now");
                if (group.Pool.RefCount(block) > 0)
                    needed--;
            }
            if (needed > group.Pool.NumFree)
                return false;
        }
        return true;
    }

    /// <summary>Lets a sequence hold the blocks of a hit; it has then computed those tokens.</summary>
    public void Begin(SequenceKv kv, int hit)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            BlockTable table = kv.Tables[g];
            Debug.Assert(table.Count == 0, "a sequence begins with nothing");
            table.SkipTo(_groups[g].FirstBlockNeeded(hit * _blockSize));
            while (table.Count < hit)
            {
                bool found = _groups[g].Pool.TryFind(kv.Chain!.Hashes[table.Count], out BlockId block);
                Debug.Assert(found, "a hit was found just now");
                _groups[g].Pool.Share(block);
                table.Append(block);
            }
        }
        kv.NumRegistered = hit;
    }

    /// <summary>The position up to which a sequence could have blocks with what is free now.</summary>
    public int MaxEnd(SequenceKv kv)
    {
        long end = int.MaxValue;
        for (int g = 0; g < _groups.Length; g++)
            end = Math.Min(end, ((long)kv.Tables[g].Count + _groups[g].Pool.NumFree) * _blockSize);
        return (int)end;
    }

    /// <summary>Gives a sequence blocks for the positions below <paramref name="end"/>, at most <see cref="MaxEnd"/>.</summary>
    public void Extend(SequenceKv kv, int end)
    {
        Debug.Assert(end <= MaxEnd(kv), "the caller asks for what is there");
        int count = (end + _blockSize - 1) / _blockSize;
        for (int g = 0; g < _groups.Length; g++)
        {
            BlockTable table = kv.Tables[g];
            while (table.Count < count)
                table.Append(_groups[g].Pool.Take());
        }
    }

    /// <summary>Notes that tokens were computed: whole blocks become findable, windows move on, and blocks that hold none of them are given back.</summary>
    /// <param name="kv">The sequence.</param>
    /// <param name="tokenIds">Its computed tokens, from the first on; fewer than it has room for where drafts were wrong.</param>
    public void Commit(SequenceKv kv, ReadOnlySpan<int> tokenIds)
    {
        if (kv.Chain is not null)
            Register(kv, tokenIds);
        int count = (tokenIds.Length + _blockSize - 1) / _blockSize;
        for (int g = 0; g < _groups.Length; g++)
        {
            BlockTable table = kv.Tables[g];
            while (table.Count > count)
                _groups[g].Pool.Release(table.ReleaseLast());
            int first = Math.Min(_groups[g].FirstBlockNeeded(tokenIds.Length), table.Count);
            while (table.NumReleased < first)
                _groups[g].Pool.Release(table.ReleaseFirst());
        }
    }

    /// <summary>Gives back all that a sequence holds, its end first, so that what others may share stays longest.</summary>
    public void Release(SequenceKv kv)
    {
        for (int g = 0; g < _groups.Length; g++)
        {
            BlockTable table = kv.Tables[g];
            while (table.NumHeld > 0)
                _groups[g].Pool.Release(table.ReleaseLast());
            table.Clear();
        }
        kv.NumRegistered = 0;
    }

    private void Register(SequenceKv kv, ReadOnlySpan<int> tokenIds)
    {
        kv.Chain!.Extend(tokenIds);
        int numFull = tokenIds.Length / _blockSize;
        for (int i = kv.NumRegistered; i < numFull; i++)
        {
            for (int g = 0; g < _groups.Length; g++)
                _groups[g].Pool.Register(kv.Tables[g][i], kv.Chain.Hashes[i]);
        }
        kv.NumRegistered = numFull;
    }

    private int AvoidSplit(int hit, ReadOnlySpan<KeyedSpan> whole)
    {
        foreach (KeyedSpan span in whole)
        {
            if (span.FirstPosition < hit * _blockSize && span.End > hit * _blockSize)
                return span.FirstPosition / _blockSize;
        }
        return hit;
    }
}
