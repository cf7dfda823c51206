using TorchSharp;
using static TorchSharp.torch;

namespace Gemma4.Engine.Backends.Torch;

/// <summary>Attention of one layer over blocks on the device: the blocks of many sequences are gathered at once and attended at once.</summary>
/// <param name="backend">The step.</param>
/// <param name="spec">What the layer reads.</param>
/// <param name="step">What is read together.</param>
/// <param name="turn">Turns keys that are made from values.</param>
/// <param name="keyScale">Scale <c>[H]</c> of keys that are made from values, in the dtype of activations; null where keys are stored.</param>
internal sealed class TorchPagedAttention(TorchBackend backend, AttentionSpec spec, StepAttention step, HeadTurn turn, Tensor? keyScale) : PagedAttention
{
    private readonly int _kvHeads = spec.NumKvHeads;
    private readonly int _queriesPerKv = spec.NumQueryHeads / spec.NumKvHeads;
    private readonly int _headDim = spec.HeadDim;

    public override void Write(Activations? keys, Activations values)
    {
        using DisposeScope scope = NewDisposeScope();
        backend.Pools.Layer(spec.KvLayer).Write(step.Slots, ((TorchActivations?)keys)?.Value, ((TorchActivations)values).Value);
    }

    public override void Attend(Activations queries, Activations y)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor q = ((TorchActivations)queries).Value;                                          // [T, N · H]
        if (step.Batches is [{ Rows: null } whole])
        {
            ((TorchActivations)y).Set(Attend(q, whole));
            return;
        }
        Tensor result = empty_like(q);
        foreach (AttentionBatch batch in step.Batches)
        {
            using DisposeScope part = NewDisposeScope();
            Tensor own = batch.Rows is { } rows ? q.index_select(0, rows) : q;
            result.index_copy_(0, batch.Rows!, Attend(own, batch));
        }
        ((TorchActivations)y).Set(result);
    }

    /// <param name="rows"><c>[B · t, N · H]</c>.</param>
    /// <param name="batch">What they read.</param>
    /// <returns><c>[B · t, N · H]</c>; belongs to the caller's dispose scope.</returns>
    private Tensor Attend(Tensor rows, AttentionBatch batch)
    {
        TorchKvLayer layer = backend.Pools.Layer(spec.KvLayer);
        long b = batch.NumRuns, t = batch.NumRows, s = batch.NumPositions;
        Tensor v = layer.Values(batch.Blocks).to(rows.dtype).view(_kvHeads * b, s, _headDim);                                      // [K · B, S, H]
        Tensor k = layer.Keys(batch.Blocks)?.to(rows.dtype).view(_kvHeads * b, s, _headDim) ?? MakeKeys(v, batch);                 // [K · B, S, H]
        Tensor q = rows.view(b, t, _kvHeads, _queriesPerKv, _headDim).permute(2, 0, 3, 1, 4);                                      // [K, B, G, t, H]
        Tensor y = batch.UsesProducts ? Products(q, k, v, batch.Mask) : Fused(q, k, v, batch.Mask);                                // [K, B, G, t, H]
        return y.permute(1, 3, 0, 2, 4).reshape(b * t, -1);
    }

    /// <summary>Holds the scores.</summary>
    private Tensor Products(Tensor q, Tensor k, Tensor v, Tensor mask)
    {
        Tensor rows = q.reshape(k.shape[0], -1, _headDim);                                                                         // [K · B, G · t, H]
        Tensor scores = rows.bmm(k.transpose(1, 2)).view(_kvHeads, q.shape[1], _queriesPerKv, q.shape[3], k.shape[1]);             // [K, B, G, t, S]
        Tensor weights = scores.add(mask.unsqueeze(1), Arithmetic.One).softmax(-1).to(v.dtype);                                    // float32 until here
        return weights.view(k.shape[0], -1, k.shape[1]).bmm(v).view(q.shape);
    }

    /// <summary>Leaves the scores to libtorch, which holds some of them at a time.</summary>
    private Tensor Fused(Tensor q, Tensor k, Tensor v, Tensor mask)
    {
        long batch = k.shape[0], s = k.shape[1], t = q.shape[3];
        Tensor rows = q.reshape(batch, _queriesPerKv, t, _headDim);                                                                // [K · B, G, t, H]
        Tensor keys = k.unsqueeze(1).expand(batch, _queriesPerKv, s, _headDim), values = v.unsqueeze(1).expand(batch, _queriesPerKv, s, _headDim);
        Tensor masks = mask.expand(_kvHeads, q.shape[1], t, s).reshape(batch, 1, t, s);
        return Operators.Attention(rows, keys, values, masks).view(q.shape);
    }

    private Tensor MakeKeys(Tensor values, AttentionBatch batch)
    {
        Tensor scaled = (values * keyScale!).view(_kvHeads, batch.NumRuns, batch.NumPositions, _headDim);                          // [K, B, S, H]
        return turn.Turn(scaled, batch.KeyAngles(turn)).view(values.shape);
    }
}
