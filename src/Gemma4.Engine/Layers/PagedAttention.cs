using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Layers;

/// <summary>Attention of a step's rows over keys and values that lie in blocks; scores are not scaled (Gemma 4 normalises queries and keys).</summary>
/// <param name="rotary">Turns keys that are made from values.</param>
/// <param name="keyScale">Scale <c>[H]</c> float32 of keys that are made from values; null where keys are stored.</param>
internal sealed class PagedAttention(RotaryEmbedding rotary, Tensor? keyScale)
{
    private readonly CpuPagedAttention _cpu = new(keyScale);

    /// <summary>Query rows whose scores are held at once: bounds their memory at <c>N · 256 · S</c>.</summary>
    private const int RowsAtOnce = 256;

    /// <summary>Attends; the step's own keys and values must be written before.</summary>
    /// <param name="q">Queries <c>[T, N, H]</c>, normalised and rotated.</param>
    /// <param name="kv">The pools to read.</param>
    /// <param name="group">What each sequence reads.</param>
    /// <returns>A new tensor <c>[T, N · H]</c>; the caller owns it.</returns>
    public Tensor Forward(Tensor q, KvLayer kv, AttentionGroup group)
    {
        if (q.device_type == DeviceType.CPU)
            return _cpu.Forward(q, kv, group);
        using DisposeScope scope = NewDisposeScope();
        Tensor y = empty_like(q);                                                                            // [T, N, H]
        foreach (SequenceView view in group.Sequences)
        {
            using DisposeScope sequence = NewDisposeScope();
            Tensor v = kv.Values.index_select(0, view.ReadSlots);                                            // [S, K, H]
            Tensor k = kv.Keys is { } keys ? keys.index_select(0, view.ReadSlots) : MakeKeys(v, view);       // [S, K, H]
            Tensor kt = k.permute(1, 2, 0), vt = v.transpose(0, 1);                                          // [K, H, S], [K, S, H]
            for (int row = 0; row < view.Slice.NumTokens; row += RowsAtOnce)
            {
                using DisposeScope rows = NewDisposeScope();
                int count = Math.Min(RowsAtOnce, view.Slice.NumTokens - row);
                Tensor part = q.narrow(0, view.Slice.FirstRow + row, count);
                y.narrow(0, view.Slice.FirstRow + row, count).copy_(Attend(part, kt, vt, view.Hidden?.narrow(0, row, count)));
            }
        }
        return scope.MoveToOuter(y.view(q.shape[0], -1));
    }

    private static Tensor Attend(Tensor q, Tensor kt, Tensor vt, Tensor? hidden)
    {
        long t = q.shape[0], n = q.shape[1], h = q.shape[2], kvHeads = kt.shape[0], s = kt.shape[2], g = n / kvHeads;
        Tensor rows = q.view(t, kvHeads, g, h).permute(1, 2, 0, 3).reshape(kvHeads, g * t, h);               // [K, G·t, H]
        Tensor scores = rows.matmul(kt).to(ScalarType.Float32).view(kvHeads, g, t, s);                       // [K, G, t, S]
        if (hidden is not null)
            scores = scores.masked_fill_(hidden, Arithmetic.NegativeInfinity);
        Tensor weights = scores.softmax(-1).to(q.dtype).view(kvHeads, g * t, s);                             // [K, G·t, S]
        return weights.matmul(vt).view(kvHeads, g, t, h).permute(2, 0, 1, 3).reshape(t, n, h);               // [t, N, H]
    }

    private Tensor MakeKeys(Tensor v, SequenceView view)
    {
        Tensor scaled = (v.to(ScalarType.Float32) * keyScale!).to(v.dtype);                                  // [S, K, H]
        return rotary.Rotate(scaled, rotary.At(view.KeyPositions(), v.dtype));
    }
}
