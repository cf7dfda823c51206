using System.Runtime.InteropServices;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Torch;

/// <summary>libtorch's attention gives what our kernels give, which are tested against the formula.</summary>
public sealed class TorchPagedAttentionTests
{
    private const int KvHeads = 2, HeadDim = 32, BlockSize = 16, NumBlocks = 120;

    private static readonly RotaryFrequencies Frequencies = new(HeadDim, numPairs: 4, theta: 10_000);

    public static TheoryData<int, bool, int?> Layers { get; } = new() { { 1, true, null }, { 4, true, 40 }, { 4, false, null }, { 8, false, 20 }, { 2, true, 1 } };

    [Theory]
    [MemberData(nameof(Layers))]
    public void Sequences_of_any_lengths_agree(int g, bool storesKeys, int? window)
    {
        using var ours = new Layer(new CpuBackend(new CpuOptions(2) { KvFormat = KvFormat.Float32 }), g, storesKeys, window);
        using var theirs = new Layer(new TorchBackend(new TorchOptions(2)), g, storesKeys, window);
        // Prompts, single tokens and short runs, beside each other and alone; the last one is long enough that padding to it would not pay.
        foreach ((int Sequence, int First, int Count)[] step in ((int, int, int)[][])[
            [(0, 0, 70), (1, 0, 9), (2, 0, 1)], [(0, 70, 1), (1, 9, 1), (2, 1, 1)], [(2, 2, 200)], [(0, 71, 4), (1, 10, 4), (2, 202, 1)], [(2, 203, 1)]])
            Agree(ours.Run(step), theirs.Run(step));
    }

    [Theory]
    [InlineData(true, 20)]
    [InlineData(false, null)]
    public void Media_spans_are_seen_both_ways(bool storesKeys, int? window)
    {
        using var ours = new Layer(new CpuBackend(new CpuOptions(2) { KvFormat = KvFormat.Float32 }), 2, storesKeys, window);
        using var theirs = new Layer(new TorchBackend(new TorchOptions(2)), 2, storesKeys, window);
        MediaSpan span = new(1, 12, 25);
        Agree(ours.Run([(0, 0, 5), (1, 0, 60)], span), theirs.Run([(0, 0, 5), (1, 0, 60)], span));
    }

    [Fact]
    public void Reading_a_block_that_was_given_back_is_a_fault()
    {
        using var layer = new Layer(new TorchBackend(new TorchOptions(1)), 2, storesKeys: true, window: null);
        layer.Run([(0, 0, 40)]);
        layer.Withdrawn = 1;
        Assert.Throws<InvalidOperationException>(() => layer.Run([(0, 40, 1)]));
    }

    private static void Agree(float[] expected, float[] found)
    {
        Assert.Equal(expected.Length, found.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 3e-5f);
    }

    /// <summary>One layer's attention over pools of its own, fed with rows that depend on sequence and position alone.</summary>
    private sealed class Layer : IDisposable
    {
        private readonly Backend _backend;
        private readonly bool _storesKeys;
        private readonly PagedAttention _attention;
        private readonly KvPools _pools;
        private readonly Activations _q;
        private readonly Activations _k;
        private readonly Activations _v;
        private readonly Activations[] _parts;
        private readonly GCHandle _keyScale;

        public unsafe Layer(Backend backend, int g, bool storesKeys, int? window)
        {
            (_backend, _storesKeys) = (backend, storesKeys);
            _keyScale = GCHandle.Alloc(Numbers(99, HeadDim), GCHandleType.Pinned);
            StoredWeight? scale = storesKeys ? null : new StoredWeight("k_norm", WeightFormat.Float32, [HeadDim], (byte*)_keyScale.AddrOfPinnedObject());
            _attention = backend.CreateAttention(new AttentionSpec(
                new KvGroupView(0, window, BidirectionalMedia: true), 0, KvHeads * g, KvHeads, HeadDim, Frequencies, scale));
            _pools = backend.CreateKvPools([new KvLayerSpec(0, KvHeads, HeadDim, !storesKeys)], [NumBlocks], BlockSize);
            _q = backend.CreateActivations("q", KvHeads * g * HeadDim);
            _k = backend.CreateActivations("k", KvHeads * HeadDim);
            _v = backend.CreateActivations("v", KvHeads * HeadDim);
            _parts = [_q, _k, _v];
        }

        /// <summary>A block of every sequence that is given back; −1 for none.</summary>
        public int Withdrawn { get; set; } = -1;

        public float[] Run((int Sequence, int First, int Count)[] runs, MediaSpan? span = null)
        {
            var step = new StepInputs(1);
            foreach ((int sequence, int first, int count) in runs)
            {
                int[] blocks = [.. Enumerable.Range(0, NumBlocks / 3).Select(b => 3 * b + (sequence + b) % 3)];
                SequenceSlice slice = step.Add(first, count);
                if (Withdrawn >= 0)
                    blocks[Withdrawn] = -1;
                step.KvGroups[0].Add(slice, blocks, BlockSize);
            }
            if (span is { } media)
                step.MediaSpans.Add(media);
            _backend.Begin(step, _pools);
            for (int p = 0; p < _parts.Length; p++)
                Fill(_parts[p], p, runs, step.NumTokens);
            _attention.Write(_storesKeys ? _k : null, _v);
            _attention.Attend(_q, _q);
            return _q.ToArray(0, step.NumTokens);
        }

        public void Dispose()
        {
            _pools.Dispose();
            _backend.Dispose();
            _keyScale.Free();
        }

        private void Fill(Activations part, int index, (int Sequence, int First, int Count)[] runs, int numTokens)
        {
            if (part is TorchActivations empty)
                empty.Set(TorchSharp.torch.zeros(numTokens, part.Width));
            float[] values = [.. runs.SelectMany(r => Enumerable.Range(r.First, r.Count).SelectMany(p => Numbers(1000 * p + 10 * r.Sequence + index, part.Width)))];
            _backend.Place(part, [.. Enumerable.Range(0, numTokens)], values);
        }

        private static float[] Numbers(int seed, int count)
        {
            var random = new Random(seed);
            return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1))];
        }
    }
}
