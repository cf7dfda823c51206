using System.Buffers;
using System.Runtime.CompilerServices;

namespace Gemma4.Engine.Tokenization;

/// <summary>
/// Byte-pair encoding of a whole text: of all neighbouring pairs the one whose merge has the lowest rank is merged, the
/// leftmost of equals, until none merges.
/// </summary>
/// <remarks>
/// The text is cut where no merge can cross (<see cref="MergeBarrier"/>). Short parts, nearly all, are scanned for their minimum
/// in a few cache lines; long ones (a megabyte without a space) use a linked list and a heap, O(n log n).
/// </remarks>
internal sealed class BytePairEncoder(InitialSymbols initial, MergeTable merges, MergeBarrier? barrier)
{
    /// <summary>Above this many symbols the heap is used.</summary>
    private const int MaxShort = 64;

    /// <summary>Appends the ids of a text.</summary>
    public void Encode(ReadOnlySpan<char> text, List<int> ids)
    {
        int start = 0;
        if (barrier is not null)
        {
            for (int i = 1; i < text.Length; i++)
            {
                if (barrier.Separates(text[i - 1], text[i]))
                {
                    EncodePart(text[start..i], ids);
                    start = i;
                }
            }
        }
        EncodePart(text[start..], ids);
    }

    private void EncodePart(ReadOnlySpan<char> part, List<int> ids)
    {
        int bound = initial.Bound(part.Length);
        if (bound <= MaxShort)
        {
            Span<int> symbols = stackalloc int[MaxShort];
            symbols = symbols[..initial.Write(part, symbols)];
            ids.AddRange(MergeShort(symbols));
            return;
        }
        int[] rented = ArrayPool<int>.Shared.Rent(bound);
        Span<int> all = rented.AsSpan(0, initial.Write(part, rented));
        if (all.Length <= MaxShort)
            ids.AddRange(MergeShort(all));
        else
            MergeLong(all, ids);
        ArrayPool<int>.Shared.Return(rented);
    }

    /// <summary>Merges in place.</summary>
    [SkipLocalsInit]
    private ReadOnlySpan<int> MergeShort(Span<int> symbols)
    {
        Span<int> ranks = stackalloc int[MaxShort];      // of the pair that begins at each symbol
        Span<int> products = stackalloc int[MaxShort];
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
            ranks[i] = merges.Find(symbols[i], symbols[i + 1], out products[i]);
        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i < count - 1; i++)
            {
                if (ranks[i] < ranks[best])
                    best = i;
            }
            if (ranks[best] == MergeTable.NoRank)
                break;
            symbols[best] = products[best];
            count--;
            int moved = count - best - 1;
            symbols.Slice(best + 2, moved).CopyTo(symbols[(best + 1)..]);
            if (moved > 0)
            {
                ranks.Slice(best + 2, moved - 1).CopyTo(ranks[(best + 1)..]);
                products.Slice(best + 2, moved - 1).CopyTo(products[(best + 1)..]);
                ranks[best] = merges.Find(symbols[best], symbols[best + 1], out products[best]);
            }
            if (best > 0)
                ranks[best - 1] = merges.Find(symbols[best - 1], symbols[best], out products[best - 1]);
        }
        return symbols[..count];
    }

    private void MergeLong(ReadOnlySpan<int> symbols, List<int> ids)
    {
        Node[] rented = ArrayPool<Node>.Shared.Rent(symbols.Length);
        Span<Node> nodes = rented.AsSpan(0, symbols.Length);
        var queue = new MergeQueue(symbols.Length);
        for (int i = 0; i < nodes.Length; i++)
            nodes[i] = new Node { Id = symbols[i], Previous = i - 1, Next = i + 1 < nodes.Length ? i + 1 : -1, Rank = MergeTable.NoRank };
        for (int i = 0; i + 1 < nodes.Length; i++)
        {
            nodes[i].Rank = merges.Find(nodes[i].Id, nodes[i + 1].Id, out nodes[i].Product);
            if (nodes[i].Rank != MergeTable.NoRank)
                queue.Append(nodes[i].Rank, i);
        }
        queue.Order();
        while (queue.TryTake(out int rank, out int position))
        {
            ref Node node = ref nodes[position];
            if (node.Rank != rank)
                continue;   // stale: the pair that began here has changed since
            node.Id = node.Product;
            ref Node eaten = ref nodes[node.Next];
            eaten.Rank = MergeTable.NoRank;
            node.Next = eaten.Next;
            if (node.Next >= 0)
                nodes[node.Next].Previous = position;
            Rank(nodes, position, ref queue);
            if (node.Previous >= 0)
                Rank(nodes, node.Previous, ref queue);
        }
        for (int i = 0; i >= 0; i = nodes[i].Next)
            ids.Add(nodes[i].Id);
        queue.Dispose();
        ArrayPool<Node>.Shared.Return(rented);
    }

    private void Rank(Span<Node> nodes, int position, ref MergeQueue queue)
    {
        ref Node node = ref nodes[position];
        node.Rank = node.Next < 0 ? MergeTable.NoRank : merges.Find(node.Id, nodes[node.Next].Id, out node.Product);
        if (node.Rank != MergeTable.NoRank)
            queue.Add(node.Rank, position);
    }

    private struct Node
    {
        public int Id;
        public int Previous;
        public int Next;
        public int Rank;      // of the pair of this symbol and the next
        public int Product;
    }
}
