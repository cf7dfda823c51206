using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Cpu;

public sealed class CpuPagedAttentionTests
{
    private const int KvHeads = 2, HeadDim = 32, RotatedPairs = 4;

    [Theory]
    [InlineData(1, KvFormat.Float32, true, null)]
    [InlineData(3, KvFormat.Float32, true, 40)]
    [InlineData(4, KvFormat.Float32, false, null)]
    [InlineData(9, KvFormat.BFloat16, true, null)]
    [InlineData(4, KvFormat.BFloat16, false, 130)]
    [InlineData(4, KvFormat.Int8, true, null)]
    [InlineData(2, KvFormat.Int8, false, 20)]
    public void Every_row_agrees_with_the_reference_on_the_same_stored_numbers(int g, KvFormat format, bool storesKeys, int? window)
    {
        using var attention = new Harness(g, format, storesKeys, window, threads: 2);
        foreach (int length in (ReadOnlySpan<int>)[1, 2, 15, 16, 17, 100, 128, 129, 300])
        {
            float[] found = attention.Run(length, chunk: length), expected = attention.Reference(length);
            for (int i = 0; i < expected.Length; i++)
                Assert.Equal(expected[i], found[i], 3e-5f);
        }
    }

    [Theory]
    [InlineData(1, true, null)]
    [InlineData(4, true, 50)]
    [InlineData(8, false, null)]
    public void Chunks_threads_and_places_change_no_bit(int g, bool storesKeys, int? window)
    {
        float[]? expected = null;
        foreach ((int threads, int chunk, int blockSize) in (ReadOnlySpan<(int, int, int)>)[(1, 290, 16), (1, 1, 16), (3, 7, 16), (2, 1, 4), (4, 33, 64), (2, 290, 1)])
        {
            using var attention = new Harness(g, KvFormat.BFloat16, storesKeys, window, threads, blockSize);
            float[] found = attention.Run(290, chunk);
            Assert.Equal(expected ??= found, found);
        }
    }

    [Fact]
    public void Scores_beyond_the_range_of_exp_do_not_overflow()
    {
        using var attention = new Harness(g: 2, KvFormat.Float32, storesKeys: true, window: null, threads: 1, magnitude: 60);
        float[] found = attention.Run(33, chunk: 33), expected = attention.Reference(33);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 2e-4f);
    }

    [Fact]
    public void Tokens_of_a_media_span_see_each_other_both_ways()
    {
        using var attention = new Harness(g: 2, KvFormat.Float32, storesKeys: true, window: 20, threads: 2) { Span = new MediaSpan(0, 30, 25) };
        float[] found = attention.Run(80, chunk: 80), expected = attention.Reference(80);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], found[i], 3e-5f);
    }

    [Fact]
    public void Reading_a_block_that_was_given_back_is_a_fault()
    {
        using var attention = new Harness(g: 2, KvFormat.Float32, storesKeys: true, window: null, threads: 2) { WithdrawnBlock = 1 };
        attention.Run(64, chunk: 64, withdraw: false);
        Assert.ThrowsAny<Exception>(() => attention.Run(65, chunk: 1, withdraw: true));
    }

    /// <summary>One layer's attention over pools of its own, fed with random rows.</summary>
    private sealed class Harness : IDisposable
    {
        private const int MaxPositions = 320;
        private readonly int _g;
        private readonly int _blockSize;
        private readonly int? _window;
        private readonly KvFormat _format;
        private readonly bool _storesKeys;
        private readonly CpuBackend _backend;
        private readonly PagedAttention _attention;
        private readonly KvPools _pools;
        private readonly Activations _q;
        private readonly Activations _k;
        private readonly Activations _v;
        private readonly RotaryFrequencies _rotary = new(HeadDim, RotatedPairs, 10_000);
        private readonly float[] _queries;      // [positions, K · G · H]
        private readonly float[] _keys;         // [positions, K · H]
        private readonly float[] _values;       // [positions, K · H]
        private readonly float[] _keyScale;
        private readonly int[] _blocks;
        private readonly GCHandle _pinned;

        public unsafe Harness(int g, KvFormat format, bool storesKeys, int? window, int threads, int blockSize = 16, float magnitude = 1)
        {
            (_g, _format, _storesKeys, _window, _blockSize) = (g, format, storesKeys, window, blockSize);
            var random = new Random(7);
            _queries = Uniform(random, MaxPositions * KvHeads * g * HeadDim, magnitude);
            _keys = Uniform(random, MaxPositions * KvHeads * HeadDim, 1);
            _values = Uniform(random, MaxPositions * KvHeads * HeadDim, 1);
            _keyScale = Uniform(random, HeadDim, 1);
            _blocks = [.. Enumerable.Range(0, MaxPositions / blockSize)];
            random.Shuffle(_blocks);
            _pinned = GCHandle.Alloc(_keyScale, GCHandleType.Pinned);
            _backend = new CpuBackend(new CpuOptions(threads) { KvFormat = format });
            StoredWeight? scale = storesKeys ? null : new StoredWeight("k_norm", WeightFormat.Float32, [HeadDim], (byte*)_pinned.AddrOfPinnedObject());
            _attention = _backend.CreateAttention(
                new AttentionSpec(new KvGroupView(0, window, BidirectionalMedia: true), 0, KvHeads * g, KvHeads, HeadDim, _rotary, scale));
            _pools = _backend.CreateKvPools([new KvLayerSpec(0, KvHeads, HeadDim, !storesKeys)], [_blocks.Length], blockSize);
            _q = _backend.CreateActivations("q", KvHeads * g * HeadDim);
            _k = _backend.CreateActivations("k", KvHeads * HeadDim);
            _v = _backend.CreateActivations("v", KvHeads * HeadDim);
        }

        public MediaSpan? Span { get; init; }

        public int WithdrawnBlock { get; init; } = -1;

        /// <summary>Feeds positions 0 .. length − 1 in chunks.</summary>
        /// <returns>Results of all positions.</returns>
        public float[] Run(int length, int chunk, bool withdraw = false)
        {
            var step = new StepInputs(1);
            var results = new List<float>();
            for (int first = 0; first < length; first += chunk)
            {
                int count = Math.Min(chunk, length - first);
                step.Clear();
                SequenceSlice slice = step.Add(first, count);
                int[] table = [.. _blocks];
                if (withdraw && WithdrawnBlock >= 0 && first + count == length)
                    table[WithdrawnBlock] = -1;
                step.KvGroups[0].Add(slice, table, _blockSize);
                if (Span is { } span)
                    step.MediaSpans.Add(span);
                _backend.Begin(step, _pools);
                int[] rows = [.. Enumerable.Range(0, count)];
                _backend.Place(_q, rows, _queries.AsSpan(first * _q.Width, count * _q.Width));
                _backend.Place(_k, rows, _keys.AsSpan(first * _k.Width, count * _k.Width));
                _backend.Place(_v, rows, _values.AsSpan(first * _v.Width, count * _v.Width));
                _attention.Write(_storesKeys ? _k : null, _v);
                _attention.Attend(_q, _q);
                results.AddRange(_q.ToArray(0, count));
            }
            return [.. results];
        }

        /// <summary>Softmax(q · k) · v of every position in double, over the numbers as they are stored.</summary>
        public float[] Reference(int length)
        {
            float[] keys = Stored(_storesKeys ? _keys : _values), values = Stored(_values);
            if (!_storesKeys)
                MakeKeys(keys);
            float[] result = new float[length * KvHeads * _g * HeadDim];
            for (int p = 0; p < length; p++)
            {
                bool inSpan = Span is { } s && p >= s.FirstPosition && p < s.FirstPosition + s.NumTokens;
                int first = _window is { } w ? Math.Max(0, p - w + 1) : 0, end = inSpan ? Math.Min(length, Span!.Value.FirstPosition + Span.Value.NumTokens) : p + 1;
                for (int head = 0; head < KvHeads * _g; head++)
                    Attend(p * KvHeads * _g + head, head / _g, first, end, keys, values, result);
            }
            return result;
        }

        public void Dispose()
        {
            _pools.Dispose();
            _backend.Dispose();
            _pinned.Free();
        }

        private void Attend(int query, int kvHead, int first, int end, float[] keys, float[] values, float[] result)
        {
            double[] scores = new double[end - first];
            for (int p = first; p < end; p++)
            {
                for (int i = 0; i < HeadDim; i++)
                    scores[p - first] += (double)_queries[query * HeadDim + i] * keys[(p * KvHeads + kvHead) * HeadDim + i];
            }
            double max = scores.Max(), sum = scores.Sum(x => Math.Exp(x - max));
            for (int i = 0; i < HeadDim; i++)
            {
                double total = 0;
                for (int p = first; p < end; p++)
                    total += Math.Exp(scores[p - first] - max) / sum * values[(p * KvHeads + kvHead) * HeadDim + i];
                result[query * HeadDim + i] = (float)total;
            }
        }

        private void MakeKeys(float[] heads)
        {
            for (int row = 0; row < heads.Length / HeadDim; row++)
            {
                Span<float> head = heads.AsSpan(row * HeadDim, HeadDim);
                for (int i = 0; i < HeadDim; i++)
                    head[i] *= _keyScale[i];
                for (int i = 0; i < RotatedPairs; i++)
                {
                    (float sin, float cos) = MathF.SinCos(row / KvHeads * _rotary.Radians[i]);
                    (head[i], head[i + HeadDim / 2]) = (head[i] * cos - head[i + HeadDim / 2] * sin, head[i + HeadDim / 2] * cos + head[i] * sin);
                }
            }
        }

        private unsafe float[] Stored(float[] heads)
        {
            float[] stored = [.. heads];
            for (int row = 0; row < heads.Length / HeadDim; row++)
            {
                Span<float> head = stored.AsSpan(row * HeadDim, HeadDim);
                if (_format == KvFormat.BFloat16)
                {
                    for (int i = 0; i < HeadDim; i++)
                        head[i] = BFloat16.ToSingle(BFloat16.FromSingle(head[i]));
                }
                else if (_format == KvFormat.Int8)
                {
                    float scale = head.ToArray().Max(MathF.Abs) / 127;
                    for (int i = 0; i < HeadDim; i++)
                        head[i] = MathF.Round(head[i] * (1 / scale)) * scale;
                }
            }
            return stored;
        }

        private static float[] Uniform(Random random, int count, float magnitude) =>
            [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 2 - 1) * magnitude)];
    }
}
