using System.Numerics;
using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// From a pair of neighbouring tokens to the rank of their merge and its product. Open addressing, a quarter to half full,
/// sixteen bytes an entry, so that a look-up, found or not, costs one cache line.
/// </summary>
internal sealed class MergeTable
{
    /// <summary>The rank of pairs that do not merge: later than every other.</summary>
    public const int NoRank = int.MaxValue;

    private const ulong Empty = ulong.MaxValue;

    private readonly Entry[] _entries;
    private readonly int _shift;

    public MergeTable(List<Merge> merges)
    {
        int bits = BitOperations.Log2((uint)merges.Count | 1) + 2;
        _entries = new Entry[1 << bits];
        _shift = 64 - bits;
        Array.Fill(_entries, new Entry { Pair = Empty });
        foreach (Merge merge in merges)
            Set(merge);
    }

    /// <summary>The rank of the pair's merge, lower is sooner, or <see cref="NoRank"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public int Find(int left, int right, out int product)
    {
        ulong pair = Pair(left, right);
        Entry[] entries = _entries;
        for (int slot = Slot(pair); ; slot = (slot + 1) & (entries.Length - 1))
        {
            ref readonly Entry entry = ref entries[slot];
            if (entry.Pair == pair)
            {
                product = entry.Product;
                return entry.Rank;
            }
            if (entry.Pair == Empty)
            {
                product = -1;
                return NoRank;
            }
        }
    }

    /// <summary>The last of equal pairs counts, as in the reference, where they are keys of a map.</summary>
    private void Set(Merge merge)
    {
        ulong pair = Pair(merge.Left, merge.Right);
        int slot = Slot(pair);
        while (_entries[slot].Pair != Empty && _entries[slot].Pair != pair)
            slot = (slot + 1) & (_entries.Length - 1);
        _entries[slot] = new Entry { Pair = pair, Rank = merge.Rank, Product = merge.Product };
    }

    private static ulong Pair(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

    private int Slot(ulong pair) => (int)((pair * 0x9E3779B97F4A7C15) >> _shift);

    private struct Entry
    {
        public ulong Pair;
        public int Rank;
        public int Product;
    }
}
