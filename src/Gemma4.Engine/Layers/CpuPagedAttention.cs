using Gemma4.Engine.Kernels;
using TorchSharp;
using static TorchSharp.torch;
using BFloat16 = Gemma4.Engine.Kernels.BFloat16;

namespace Gemma4.Engine.Layers;

/// <summary>Attention of a step on the CPU: every row on its own, over blocks in place.</summary>
/// <remarks>A row's result does not depend on its chunk, its neighbours or the place of its blocks, to the last bit.</remarks>
/// <param name="keyScale">Scale <c>[H]</c> float32 of keys that are made from values; null where keys are stored.</param>
internal sealed unsafe class CpuPagedAttention(Tensor? keyScale)
{
    /// <summary>Multiply-adds below which waking other threads costs more than it gains: 20 µs at 10 GFLOP/s.</summary>
    private const long MinWorkForTeam = 100_000;

    private readonly AttentionRows _rows = new();

    /// <summary>Attends; the step's own keys and values must be written before.</summary>
    /// <param name="q">Queries <c>[T, N, H]</c>, normalised and rotated.</param>
    /// <param name="kv">The pools to read.</param>
    /// <param name="group">What each sequence reads.</param>
    /// <returns>A new tensor <c>[T, N · H]</c> in the dtype of <paramref name="q"/>; the caller owns it.</returns>
    public Tensor Forward(Tensor q, KvLayer kv, AttentionGroup group)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor queries = q.to(ScalarType.Float32).contiguous();                                     // [T, N, H]
        Tensor y = empty(q.shape[0], q.shape[1] * q.shape[2], dtype: ScalarType.Float32);           // [T, N·H]
        _rows.Queries = (float*)HostPointer.Of(queries);
        _rows.Result = (float*)HostPointer.Of(y);
        _rows.NumHeads = (int)q.shape[1];
        _rows.Kv = kv;
        _rows.Group = group;
        _rows.MakesKeys = keyScale is not null;
        if (keyScale is not null)
        {
            group.Angles.EnsureLength(group.LongestContext);
            _rows.KeyFromValue = new KeyFromValue((float*)HostPointer.Of(keyScale), group.Angles.Cos, group.Angles.Sin, group.Angles.NumPairs);
        }
        int parts = (int)q.shape[0] * kv.NumKvHeads;
        long work = group.NumVisible * q.shape[1] * q.shape[2];
        if (work < MinWorkForTeam)
        {
            for (int part = 0; part < parts; part++)
                _rows.Run(part);
        }
        else
        {
            group.Team.Run(parts, _rows.RunPart);
        }
        return scope.MoveToOuter(q.dtype == ScalarType.Float32 ? y : y.to(q.dtype));
    }

    /// <summary>One call's operands; part i is KV head <c>i mod K</c> of row <c>i / K</c>. Reused, so that a step allocates nothing.</summary>
    private sealed class AttentionRows
    {
        public AttentionRows() => RunPart = Run;

        public Action<int> RunPart { get; }

        public float* Queries { get; set; }

        public float* Result { get; set; }

        public int NumHeads { get; set; }

        public KvLayer Kv { get; set; } = null!;

        public AttentionGroup Group { get; set; } = null!;

        public KeyFromValue KeyFromValue { get; set; }

        public bool MakesKeys { get; set; }

        public void Run(int part)
        {
            if (Kv.IsFloat32)
                Run<Float32, float>(part);
            else
                Run<BFloat16, ushort>(part);
        }

        private void Run<TFloat, T>(int part)
            where TFloat : IStoredFloat<T>
            where T : unmanaged
        {
            int row = part / Kv.NumKvHeads, kvHead = part % Kv.NumKvHeads, g = NumHeads / Kv.NumKvHeads;
            RowView view = Group.Rows[row];
            var pools = new PagedKv<T>((T*)Kv.KeysPointer, (T*)Kv.ValuesPointer, Kv.NumKvHeads, Kv.HeadDim, Group.BlockSize);
            long offset = ((long)row * NumHeads + kvHead * g) * Kv.HeadDim;
            KeyFromValue maker = KeyFromValue;
            PagedAttentionKernel.Run<TFloat, T>(
                Queries + offset, g, pools, MakesKeys ? &maker : null, Group.BlockTable(view.SequenceIndex), kvHead, view.First, view.End,
                Result + offset);
        }
    }
}
