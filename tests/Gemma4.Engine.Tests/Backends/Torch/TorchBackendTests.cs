using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Models;
using Gemma4.Testing;
using TorchSharp;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Torch;

/// <summary>Whole models on libtorch's operators.</summary>
public sealed class TorchBackendTests
{
    private const int BlockSize = 16, NumBlocks = 64;

    /// <summary>What the order of sums may move a logit in float32: the tiny models amplify a last bit some thousandfold.</summary>
    private const float MaxRounding = 1e-3f;

    public static TheoryData<string> Models { get; } = ["tiny-31b", "tiny-26b-a4b", "tiny-e2b", "tiny-e4b"];

    [Theory]
    [MemberData(nameof(Models))]
    public void Step_waits_for_the_device_once(string name)
    {
        using var world = new World(name, "float32");
        for (int i = 0; i < 5; i++)
        {
            long before = world.Backend.Link.NumWaits;
            world.Step([(0, i), (1, 40 + i), (2, i)], numTokens: 1);
            Assert.Equal(1, world.Backend.Link.NumWaits - before);
        }
    }

    [Fact]
    public void Step_without_logits_is_waited_for_before_its_numbers_are_overwritten()
    {
        using var world = new World("tiny-e2b", "float32");
        long before = world.Backend.Link.NumWaits;
        world.Forward([(0, 0)], numTokens: 3);
        world.Step([(0, 3)], numTokens: 1);
        Assert.Equal(2, world.Backend.Link.NumWaits - before);
    }

    [Fact]
    public void Best_tokens_of_many_rows_and_all_logits_of_some_come_in_one_wait()
    {
        using var world = new World("tiny-e2b", "float32");
        float[][] all = world.Logits(numTokens: 90, []);
        int[] numBest = [.. Enumerable.Range(0, 90).Select(row => row % 30 == 4 ? 0 : 1 + row)];
        long before = world.Backend.Link.NumWaits;
        float[][] found = world.Logits(numTokens: 90, numBest);
        Assert.Equal(1, world.Backend.Link.NumWaits - before);
        // libtorch's products of the same rows may differ in their last bits from one call to the next, by where the buffers lie.
        for (int row = 0; row < 90; row++)
        {
            float[] expected = numBest[row] == 0 ? all[row] : [.. all[row].OrderDescending().Take(numBest[row])];
            Assert.Equal(expected.Length, found[row].Length);
            Assert.InRange(Largest(expected, found[row]), 0, 1e-5f);
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Steps_leave_no_tensor_behind(string name)
    {
        using var world = new World(name, "bfloat16");
        for (int i = 0; i < 3; i++)
            world.Step([(0, i), (1, i)], numTokens: 1);
        DisposeScopeManager.Statistics.Reset();
        for (int i = 3; i < 103; i++)
        {
            world.Step([(0, i), (1, i)], numTokens: 1);
            if (i % 50 == 0)
                world.Step([(2, i / 50 * 20)], numTokens: 20);
        }
        world.Step([(0, 103), (1, 103)], numTokens: 1);
        Assert.Equal(0, DisposeScopeManager.Statistics.ThreadTotalLiveCount);
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Sequence_in_a_crowd_is_the_sequence_alone_within_rounding(string name)
    {
        using var world = new World(name, "float32");
        float[] alone = [], crowded = [];
        for (int i = 0; i < 40; i++)
            alone = world.Step([(0, i)], numTokens: 1);
        world.Step([(1, 0)], numTokens: 30);
        for (int i = 0; i < 40; i++)
            crowded = world.Step([(2, 3 * i), (1, 30 + i), (0, i)], numTokens: 1, wanted: 2, advance: 3);
        float[] whole = world.Step([(0, 0)], numTokens: 40);
        Assert.NotEqual(0, alone.Max());
        Assert.InRange(Largest(alone, crowded), 0, MaxRounding);
        Assert.InRange(Largest(alone, whole), 0, MaxRounding);
    }

    [Theory]
    [InlineData("--kv-dtype int8", "int8", "none")]
    [InlineData("--quantization int4", "auto", "int4")]
    public void What_it_does_not_store_is_refused_by_name(string named, string kv, string quantization)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(
            () => BackendFactory.Create(new ComputeOptions { Device = "cpu", Backend = "torch", KvDtype = kv, Quantization = quantization }));
        Assert.StartsWith(named, refusal.Message, StringComparison.Ordinal);
    }

    private static float Largest(float[] a, float[] b) => a.Zip(b).Max(p => MathF.Abs(p.First - p.Second));

    /// <summary>A model with sequences of its own blocks; token p of every sequence is the same wherever it is computed.</summary>
    private sealed class World : IDisposable
    {
        private readonly Gemma4Model _model;
        private readonly KvPools _pools;
        private readonly StepInputs _inputs;

        public World(string name, string dtype)
        {
            Backend = (TorchBackend)BackendFactory.Create(new ComputeOptions { Device = "cpu", Backend = "torch", Dtype = dtype, Threads = 2 });
            Checkpoint checkpoint = Checkpoint.Open(Path.Combine(RepositoryPaths.Fixtures, "models", name));
            _model = ModelLoader.Load(checkpoint.Locate(), Backend);
            int groups = _model.Config.Text.KvGroups.Length;
            _pools = _model.CreateKvPools([.. Enumerable.Repeat(NumBlocks, groups)], BlockSize);
            _inputs = new StepInputs(groups);
        }

        public TorchBackend Backend { get; }

        public float[] Step((int Sequence, int Position)[] sequences, int numTokens, int wanted = 0, int advance = 1)
        {
            Activations hidden = Forward(sequences, numTokens, advance);
            int[] rows = [.. _inputs.Sequences.Select(s => s.FirstRow + s.NumTokens - 1)];
            return _model.Logits(hidden, rows)[wanted].ToArray();
        }

        /// <summary>Logits of all tokens of a prompt; of some of them only the best.</summary>
        public float[][] Logits(int numTokens, int[] numBest)
        {
            Activations hidden = Forward([(0, 0)], numTokens);
            Logits logits = _model.Logits(hidden, [.. Enumerable.Range(0, numTokens)], numBest);
            return [.. Enumerable.Range(0, numTokens).Select(row => (logits.Best(row) is { IsEmpty: false } best ? best.Values : logits[row]).ToArray())];
        }

        /// <param name="sequences">Sequence 2 advances by <paramref name="advance"/> times the tokens of the others.</param>
        /// <param name="numTokens">Tokens of each.</param>
        /// <param name="advance">See there.</param>
        public Activations Forward((int Sequence, int Position)[] sequences, int numTokens, int advance = 1)
        {
            _inputs.Clear();
            var tokens = new List<int>();
            foreach ((int sequence, int position) in sequences)
            {
                SequenceSlice slice = _inputs.Add(position, sequence == 2 ? advance * numTokens : numTokens);
                int[] blocks = [.. Enumerable.Range(0, NumBlocks / 4).Select(b => 4 * b + (sequence + b) % 4)];
                foreach (KvGroupInputs group in _inputs.KvGroups)
                    group.Add(slice, blocks, BlockSize);
                tokens.AddRange(Enumerable.Range(position, slice.NumTokens).Select(p => 100 + (p * 31 + sequence * 7) % 1500));
            }
            return _model.Forward([.. tokens], _inputs, _pools);
        }

        public void Dispose()
        {
            _pools.Dispose();
            _model.Dispose();
        }
    }
}
