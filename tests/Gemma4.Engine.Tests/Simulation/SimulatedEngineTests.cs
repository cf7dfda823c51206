using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Simulation;
using Xunit;

namespace Gemma4.Engine.Tests.Simulation;

public sealed class SimulatedEngineTests
{
    // A step reads 1,000 bytes at 10,000 a second, and computes nothing that counts.
    private static readonly StepCost Tenth = new(
        new ModelWork { LayerWeights = 500, ExpertWeights = 0, ActiveShare = 0, HeadWeights = 0, Attention = [] },
        new MachineSpeed(10_000, 1e12, Overlap: 1, TimeSpan.Zero));

    [Fact]
    public void Tokens_come_when_their_steps_end()
    {
        SimulatedEngine engine = Create();
        Assert.Null(engine.StepEnds);
        Assert.True(engine.TrySubmit(Request("a", prompt: 10, output: 3), TimeSpan.FromSeconds(5)));
        List<(string, double, FinishReason?)> tokens = Drain(engine);
        Assert.Equal([("a", 5.1, null), ("a", 5.2, null), ("a", 5.3, FinishReason.Length)], tokens);
        Assert.Equal(0.3, engine.BusyTime.TotalSeconds, 3);
        Assert.Equal((0, 0, 0.0), (engine.NumQueued, engine.NumRunning, engine.KvUsage));
    }

    [Fact]
    public void What_arrives_in_a_step_waits_for_its_end()
    {
        SimulatedEngine engine = Create();
        engine.TrySubmit(Request("a", prompt: 10, output: 2), TimeSpan.Zero);
        engine.TrySubmit(Request("b", prompt: 10, output: 1), TimeSpan.FromSeconds(0.05));
        Assert.Equal((1, 1), (engine.NumQueued, engine.NumRunning));
        Assert.Equal([("a", 0.1, null), ("a", 0.2, FinishReason.Length), ("b", 0.2, FinishReason.Length)], Drain(engine));
    }

    [Fact]
    public void A_prefix_that_was_computed_is_found()
    {
        SimulatedEngine engine = Create();
        engine.TrySubmit(Request("a", prompt: 64, output: 1), TimeSpan.Zero);
        Drain(engine);
        engine.TrySubmit(Request("b", prompt: 64, output: 1), TimeSpan.FromSeconds(1));
        Drain(engine);
        Assert.Equal((128, 48), (engine.NumPrefixQueries, engine.NumPrefixHits));       // whole blocks of 16, and the last token is computed
    }

    [Fact]
    public void A_full_queue_refuses()
    {
        SimulatedEngine engine = Create(new EngineOptions { MaxSequences = 1, MaxQueuedRequests = 2 });
        Assert.True(engine.TrySubmit(Request("a", 10, 1), TimeSpan.Zero));
        Assert.True(engine.TrySubmit(Request("b", 10, 1), TimeSpan.Zero));
        Assert.True(engine.TrySubmit(Request("c", 10, 1), TimeSpan.Zero));
        Assert.False(engine.TrySubmit(Request("d", 10, 1), TimeSpan.Zero));
        Assert.Equal(3, Drain(engine).Count);
    }

    [Fact]
    public void Equal_runs_are_equal_and_sequences_differ()
    {
        int[] first = Answer(seed: 1);
        Assert.Equal(first, Answer(seed: 1));
        Assert.NotEqual(first, Answer(seed: 2));
    }

    [Fact]
    public void What_is_not_simulated_is_refused()
    {
        SimulatedEngine engine = Create();
        Assert.Throws<NotSupportedException>(() => engine.TrySubmit(Request("a", 10, 1) with { NumSequences = 2 }, TimeSpan.Zero));
        Assert.Throws<NotSupportedException>(() => engine.TrySubmit(Request("a", 10, 1) with { PromptLogprobs = true }, TimeSpan.Zero));
        Assert.Throws<RequestRejectedException>(() => engine.TrySubmit(Request("a", 100_000, 1), TimeSpan.Zero));
        Assert.Throws<InvalidOperationException>(() => { engine.EndStep(); });
    }

    [Fact]
    public void Clients_share_steps()
    {
        // Four clients' prompts fit one step; an answer of ten tokens takes ten steps of 0.1 s, and the next request begins with the step after the one that ended it.
        ClientLoadResult result = new ClientLoad(NumClients: 4, PromptTokens: 10, OutputTokens: 10, RequestsPerClient: 2).Run(Create());
        Assert.InRange(result.Duration.TotalSeconds, 2.0, 2.4);
        Assert.InRange(result.OutputTokensPerSecond, 80 / 2.4, 80 / 2.0);
        Assert.Equal(result.OutputTokensPerSecond, result.PromptTokensPerSecond, 6);
        Assert.Equal(0.1, result.TokenInterval.P50.TotalSeconds, 3);
        Assert.InRange(result.FirstToken.P99.TotalSeconds, 0.1, 0.3);
    }

    [Fact]
    public void A_batch_pauses_behind_an_interactive_request_and_gives_way_to_the_next()
    {
        SimulatedEngine engine = Create();
        engine.TrySubmit(Request("a", prompt: 10, output: 1), TimeSpan.Zero);
        engine.EndStep();
        engine.TrySubmit(Request("batch", prompt: 10, output: 2) with { IsBatch = true }, TimeSpan.FromSeconds(0.2));
        Assert.Equal(1.1, engine.StepEnds!.Value.TotalSeconds, 6);      // a second behind the answer
        engine.TrySubmit(Request("b", prompt: 10, output: 1), TimeSpan.FromSeconds(0.5));
        Assert.Equal([("b", 0.6, FinishReason.Length), ("batch", 1.7, null), ("batch", 1.8, FinishReason.Length)], Drain(engine));
    }

    /// <summary>E2B in 4 bits on two processors, and a machine that serves 64 at once for little more than one.</summary>
    [Theory]
    [InlineData(2.6e9, 60e9, 2e12)]
    [InlineData(10e9, 3e12, 500e12)]
    public void An_interactive_client_hardly_notices_a_batch(double bytes, double bytesPerSecond, double operationsPerSecond)
    {
        var cost = new StepCost(
            new ModelWork { LayerWeights = (long)bytes / 2, ExpertWeights = 0, ActiveShare = 0, HeadWeights = 0, Attention = [] },
            new MachineSpeed(bytesPerSecond, operationsPerSecond, Overlap: 0.75, TimeSpan.FromMicroseconds(100)));
        TimeSpan soon = TimeSpan.FromMilliseconds(10), late = TimeSpan.FromMilliseconds(50);
        (Percentiles First, Percentiles Interval, int BatchTokens) alone = Interactive(cost, batch: 0, soon), beside = Interactive(cost, batch: 64, soon);
        Assert.InRange(beside.First.P99 / alone.First.P99, 0.9, 1.2);
        Assert.InRange(beside.Interval.P99 / alone.Interval.P99, 0.9, 1.2);
        Assert.True(beside.BatchTokens > 100, $"the batch got {beside.BatchTokens} tokens beside the client");

        // Whoever thinks longer than batches pause may wait for the end of a short step.
        (alone, beside) = (Interactive(cost, batch: 0, late), Interactive(cost, batch: 64, late));
        Assert.InRange((beside.First.P99 - alone.First.P99) / alone.Interval.P50, -0.1, 2.2);
        Assert.InRange(beside.Interval.P99 / alone.Interval.P99, 0.9, 1.2);
    }

    /// <summary>One client that asks again after up to fifty times a thought, for some hundred answers.</summary>
    private static (Percentiles First, Percentiles Interval, int BatchTokens) Interactive(StepCost cost, int batch, TimeSpan thought)
    {
        SimulatedEngine engine = new(cost, new KvCachePlan(16, [new KvGroupSpec(null, 1)], [4096]), new EngineOptions());
        engine.TrySubmit(Request("first", 50, 1), TimeSpan.Zero);
        for (int i = 0; i < batch; i++)
            engine.TrySubmit(Request("batch", 20 + i, 2000) with { IsBatch = true }, TimeSpan.Zero);
        List<TimeSpan> firsts = [], intervals = [];
        TimeSpan next = TimeSpan.FromMilliseconds(100), sent = default, last = default;
        int batchTokens = 0;
        for (int request = 0; request < 200;)
        {
            if (next != TimeSpan.MaxValue && (engine.StepEnds is not { } ends || next <= ends))
            {
                engine.TrySubmit(Request("client", 50, 20) with { PromptTokenIds = [.. Enumerable.Range(request * 50, 50)] }, next);
                (sent, last, next) = (next, default, TimeSpan.MaxValue);
                continue;
            }
            foreach (SimulatedToken token in engine.EndStep())
            {
                batchTokens += token.Sequence.Request.IsBatch ? 1 : 0;
                if (token.Sequence.Request.Id != "client")
                    continue;
                if (last == default)
                    firsts.Add(token.At - sent);
                else
                    intervals.Add(token.At - last);
                last = token.At;
                if (token.FinishReason is not null)
                    next = token.At + thought * (++request % 50);
            }
        }
        return (Percentiles.Of(firsts), Percentiles.Of(intervals), batchTokens);
    }

    [Fact]
    public void Percentiles_are_by_nearest_rank()
    {
        Assert.Equal(default, Percentiles.Of([]));
        List<TimeSpan> seconds = [.. Enumerable.Range(1, 200).Reverse().Select(s => TimeSpan.FromSeconds(s))];
        Assert.Equal(new Percentiles(TimeSpan.FromSeconds(100), TimeSpan.FromSeconds(190), TimeSpan.FromSeconds(198)), Percentiles.Of(seconds));
    }

    private static int[] Answer(ulong seed)
    {
        SimulatedEngine engine = Create();
        engine.TrySubmit(Request("a", 10, 20) with { Sampling = new SamplingParams { Seed = seed } }, TimeSpan.Zero);
        int[] tokens = [];
        while (engine.StepEnds is not null)
        {
            foreach (SimulatedToken token in engine.EndStep())
                tokens = token.Sequence.TokenIds.ToArray();
        }
        return tokens;
    }

    private static List<(string, double, FinishReason?)> Drain(SimulatedEngine engine)
    {
        List<(string, double, FinishReason?)> tokens = [];
        while (engine.StepEnds is not null)
        {
            foreach (SimulatedToken token in engine.EndStep())
                tokens.Add((token.Sequence.Request.Id, Math.Round(token.At.TotalSeconds, 4), token.FinishReason));
        }
        return tokens;
    }

    private static SimulatedEngine Create(EngineOptions? options = null) =>
        new(Tenth, new KvCachePlan(16, [new KvGroupSpec(null, 1)], [256]), options ?? new EngineOptions());

    private static GenerationRequest Request(string id, int prompt, int output) =>
        new() { Id = id, PromptTokenIds = [.. Enumerable.Range(0, prompt)], Sampling = new SamplingParams(), MaxTokens = output };
}
