using System.Numerics.Tensors;

namespace Gemma4.Engine.Sampling;

/// <summary>The best tokens of a row of logits, best first, lower id first among equals.</summary>
internal static class TopTokens
{
    /// <summary>Selects the <c>min(k, V)</c> best.</summary>
    /// <param name="logits"><c>[V]</c>; −∞ marks tokens that may not be chosen and are never selected.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="ids">Receives ids, best first; holds at least <c>min(k, V)</c>.</param>
    /// <returns>How many were selected.</returns>
    /// <remarks>A bounded min-heap: O(V + hits · log k), and hits are few once the heap holds good tokens.</remarks>
    public static int Select(ReadOnlySpan<float> logits, int k, Span<int> ids)
    {
        int count = 0;
        Span<int> heap = ids[..Math.Min(k, logits.Length)];
        float worst = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            // Ids rise, so an equal later token never displaces an earlier one.
            if (!(logits[id] > worst))
                continue;
            if (count < heap.Length)
            {
                heap[count] = id;
                SiftUp(logits, heap, count++);
                if (count == heap.Length)
                    worst = logits[heap[0]];
                continue;
            }
            heap[0] = id;
            SiftDown(logits, heap);
            worst = logits[heap[0]];
        }
        for (int end = count - 1; end > 0; end--)
        {
            (heap[0], heap[end]) = (heap[end], heap[0]);
            SiftDown(logits, heap[..end]);
        }
        return count;
    }

    /// <summary>The best token, be it one that may not be chosen if there is no other; the lowest id among equals.</summary>
    /// <exception cref="InvalidOperationException">A logit is not a number.</exception>
    public static int Best(ReadOnlySpan<float> logits)
    {
        int best = TensorPrimitives.IndexOfMax(logits);
        CheckBest(best, logits[best]);
        return best;
    }

    /// <summary>Refuses a best logit that is not a number.</summary>
    /// <exception cref="InvalidOperationException">It is not.</exception>
    public static void CheckBest(int id, float logit)
    {
        if (float.IsNaN(logit))
            throw new InvalidOperationException($"The model's logit of token {id} is not a number.");
    }

    /// <summary>True when a ranks below b: smaller logit, or larger id among equals.</summary>
    private static bool Below(ReadOnlySpan<float> logits, int a, int b) =>
        logits[a] < logits[b] || (logits[a] == logits[b] && a > b);

    private static void SiftUp(ReadOnlySpan<float> logits, Span<int> heap, int child)
    {
        while (child > 0 && Below(logits, heap[child], heap[(child - 1) / 2]))
        {
            int parent = (child - 1) / 2;
            (heap[child], heap[parent]) = (heap[parent], heap[child]);
            child = parent;
        }
    }

    private static void SiftDown(ReadOnlySpan<float> logits, Span<int> heap)
    {
        for (int parent = 0; 2 * parent + 1 < heap.Length;)
        {
            int child = 2 * parent + 1;
            if (child + 1 < heap.Length && Below(logits, heap[child + 1], heap[child]))
                child++;
            if (!Below(logits, heap[child], heap[parent]))
                return;
            (heap[child], heap[parent]) = (heap[parent], heap[child]);
            parent = child;
        }
    }
}
