using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Engine.Simulation;
using Gemma4.FleetSimulation;
using Xunit;

namespace Gemma4.Engine.Tests.Simulation;

/// <summary>The arithmetic of <c>bench/Gemma4.FleetSimulation</c>.</summary>
public sealed class FleetTests
{
    // A step takes 10 ms, and a token of a prompt 1 ms.
    private static readonly StepCost Cost = new(
        new ModelWork { LayerWeights = 1000, ExpertWeights = 0, ActiveShare = 0, HeadWeights = 0, Attention = [] },
        new MachineSpeed(200_000, 1_000_000, Overlap: 0, TimeSpan.Zero));

    private static readonly Traffic Few = new(2, TimeSpan.FromSeconds(30), Seed: 7) { NumApps = 3, AppTokens = 128, UserTokens = (16, 64), AnswerTokens = (5, 20), MeanThinkTime = TimeSpan.FromSeconds(2) };

    [Fact]
    public void Traffic_is_what_its_numbers_say()
    {
        var traffic = new Traffic(50, TimeSpan.FromSeconds(400), Seed: 3);
        Conversation[] conversations = [.. traffic.Conversations()];
        Assert.InRange(conversations.Length, 19_000, 21_000);
        Assert.Equal(conversations.Select(c => c.Sent), conversations.Select(c => c.Sent).Order());
        Assert.All(conversations, c => Assert.InRange(c.AnswerTokens, 50, 500));
        int[] firstTokens = [.. conversations.Select(c => c.Request().PromptTokenIds[0])];
        int[] apps = [.. firstTokens.GroupBy(t => t).Select(g => g.Count()).OrderDescending()];
        Assert.Equal(20, apps.Length);
        Assert.InRange((double)apps[0] / conversations.Length, 0.26, 0.30);     // 1 over the harmonic number of 20
        Assert.InRange((double)apps[0] / apps[1], 1.8, 2.2);
    }

    [Fact]
    public void Turns_are_served_one_after_the_other_and_begin_with_all_that_was_said()
    {
        var conversation = new Conversation(4, TimeSpan.FromSeconds(1), app: 0, appTokens: 10, [new Turn(5, 3, TimeSpan.FromSeconds(2)), new Turn(6, 3, TimeSpan.FromSeconds(9))]);
        int[] first = [.. conversation.Request().PromptTokenIds];
        Assert.Equal(15, first.Length);
        Assert.Equal(TimeSpan.FromSeconds(8), conversation.Next([.. first, 1, 2, 3], TimeSpan.FromSeconds(6)));
        int[] second = [.. conversation.Request().PromptTokenIds];
        Assert.Equal([.. first, 1, 2, 3], second[..18]);
        Assert.Equal(24, second.Length);
        Assert.Null(conversation.Next([.. second, 1, 2, 3], TimeSpan.FromSeconds(9)));
        var other = new Conversation(5, TimeSpan.Zero, app: 0, appTokens: 10, [new Turn(5, 3, TimeSpan.Zero)]);
        int[] others = [.. other.Request().PromptTokenIds];
        Assert.Equal(first[..10], others[..10]);
        Assert.NotEqual(first[10], others[10]);
    }

    [Fact]
    public void A_lonely_turn_takes_the_time_of_its_steps()
    {
        var traffic = new Traffic(0.2, TimeSpan.FromSeconds(60), Seed: 1) { NumApps = 1, AppTokens = 10, UserTokens = (30, 30), AnswerTokens = (11, 11), MeanTurns = 1 };
        FleetResult result = new Fleet([Server()], new RandomRouter(1)).Run(traffic, TimeSpan.Zero);
        Assert.True(result.NumTurns >= 3);
        Assert.Equal(0.010 + 0.040, result.FirstToken.P50.TotalSeconds, 3);     // forty tokens are read in one step
        Assert.Equal(0.011, result.Interval.P50.TotalSeconds, 4);
        Assert.Equal((0L, 0L), (result.NumRefused, result.NumPreemptions));
    }

    [Fact]
    public void Equal_runs_are_equal_and_nothing_is_lost()
    {
        FleetResult once = Run("random"), again = Run("random");
        Assert.Equal(once, again);
        int expected = Few.Conversations().Count();
        Assert.True(once.NumTurns >= expected, $"{once.NumTurns} of at least {expected}");
    }

    [Fact]
    public void Whoever_keeps_conversations_together_finds_more_in_the_caches()
    {
        double random = Run("random").HitRate, together = Run("conversation").HitRate, picked = Run("prefix").HitRate;
        Assert.True(together > random + 0.05, $"{together} against {random}");
        Assert.True(picked > random + 0.05, $"{picked} against {random}");
    }

    [Fact]
    public void A_conversation_has_one_server_and_conversations_have_many()
    {
        var router = new ConversationRouter();
        var states = new ServerState[5];
        HashSet<int> chosen = [];
        for (int id = 0; id < 100; id++)
        {
            var conversation = new Conversation(id, TimeSpan.Zero, 0, 1, [new Turn(1, 1, TimeSpan.Zero)]);
            int server = router.Choose(conversation, [], states);
            Assert.Equal(server, router.Choose(conversation, [1, 2, 3], states));
            chosen.Add(server);
        }
        Assert.Equal(5, chosen.Count);
    }

    [Fact]
    public void A_picker_weighs_prefixes_against_load()
    {
        var router = new PickingRouter(new PrefixTable(3, 100), new PickerWeights(Queue: 2, Active: 0, Kv: 0, Prefix: 3), seed: 1);
        var conversation = new Conversation(0, TimeSpan.Zero, 0, 1, [new Turn(1, 1, TimeSpan.Zero)]);
        int[] prompt = [.. Enumerable.Range(0, 256)];
        ServerState[] idle = new ServerState[3];
        int first = router.Choose(conversation, prompt, idle);
        Assert.Equal(first, router.Choose(conversation, prompt, idle));
        // All of the prompt (3) outweighs the longest queue (2); a quarter of it (0.75) does not.
        ServerState[] busy = new ServerState[3];
        busy[first] = new ServerState(NumQueued: 9, KvUsage: 0, NumActive: 9);
        Assert.Equal(first, router.Choose(conversation, prompt, busy));
        int[] other = [.. prompt[..64], .. Enumerable.Range(1000, 192)];
        Assert.NotEqual(first, router.Choose(conversation, other, busy));
        // Active requests count by their share of the most: 2 * (9 - 3) / 9 for the third.
        var balancing = new PickingRouter(new PrefixTable(3, 100), new PickerWeights(Queue: 0, Active: 2, Kv: 0, Prefix: 0), seed: 1);
        Assert.Equal(2, balancing.Choose(conversation, prompt, [new ServerState(0, 0, 9), new ServerState(0, 0, 8), new ServerState(0, 0, 3)]));
        Assert.Equal(1, balancing.Choose(conversation, prompt, [new ServerState(0, 0, 9), new ServerState(0, 0, 0), new ServerState(0, 0, 3)]));
        // And a full KV cache by its share.
        var sparing = new PickingRouter(new PrefixTable(2, 100), new PickerWeights(Queue: 0, Active: 1, Kv: 2, Prefix: 0), seed: 1);
        Assert.Equal(1, sparing.Choose(conversation, prompt, [new ServerState(0, 0.9, 1), new ServerState(0, 0.3, 2)]));
    }

    [Fact]
    public void A_table_of_prefixes_counts_leading_blocks_and_forgets_the_oldest()
    {
        var table = new PrefixTable(2, capacity: 5);
        ulong[] a = PrefixTable.Blocks([.. Enumerable.Range(0, 200)]), b = PrefixTable.Blocks([.. Enumerable.Range(0, 64), .. Enumerable.Range(500, 136)]);
        Assert.Equal((3, 3), (a.Length, b.Length));
        Assert.Equal(a[0], b[0]);
        Assert.NotEqual(a[1], b[1]);
        table.Add(0, a);
        Assert.Equal([3, 0], Matched(table, a));
        Assert.Equal([1, 0], Matched(table, b));
        table.Add(0, b);
        Assert.Equal([3, 0], Matched(table, a));                                // five blocks
        table.Add(0, PrefixTable.Blocks([.. Enumerable.Range(9000, 64)]));
        Assert.Equal([2, 0], Matched(table, a));                                // the end of the first prompt is gone
        Assert.Equal([3, 0], Matched(table, b));
    }

    [Fact]
    public void A_wrong_option_is_named()
    {
        Assert.Contains("--servers", Assert.Throws<FormatException>(() => FleetOptions.Parse(["fleet", "--servers", "0"])).Message, StringComparison.Ordinal);
        Assert.Contains("--routing", Assert.Throws<FormatException>(() => FleetOptions.Parse(["fleet", "--routing", "fair"])).Message, StringComparison.Ordinal);
        Assert.Contains("--what", Assert.Throws<FormatException>(() => FleetOptions.Parse(["fleet", "--what", "1"])).Message, StringComparison.Ordinal);
        Assert.Throws<FormatException>(() => FleetOptions.Parse([]));
        Assert.Equal([1, 1000], FleetOptions.Parse(["fleet", "--servers", "1,1000"]).Servers);
    }

    [Theory]
    [InlineData("zen4", 4.5, 148.6, 21.8, 105.6)]
    [InlineData("zen4-bfloat16", 16, 38.1, 6.8, 27.0)]
    [InlineData("sapphire", 4.5, 89.4, 14.7, 62.9)]
    public void E2B_takes_what_was_measured(string machine, double bits, double prompt, double one, double eight)
    {
        // E2B's shapes (docs/performance.md): 1.85 billion weights in layers, 0.4 in the head.
        var work = new ModelWork { LayerWeights = 1_869_000_000, ExpertWeights = 0, ActiveShare = 0, HeadWeights = 402_653_184, Attention = [], BitsPerWeight = bits };
        var cost = new StepCost(work, Machines.All[machine].Speed);
        int length = machine == "sapphire" ? 512 : 256;
        Assert.InRange(length / Seconds(cost, 1, 0, length) / prompt, 0.85, 1.15);
        Assert.InRange(1 / Seconds(cost, 1, 256, 1) / one, 0.85, 1.15);
        Assert.InRange(8 / Seconds(cost, 8, 256, 1) / eight, 0.85, 1.15);
    }

    private static double Seconds(StepCost cost, int sequences, int first, int count)
    {
        var request = new GenerationRequest { Id = "request", PromptTokenIds = [.. new int[first + count]], Sampling = new SamplingParams() };
        var scheduled = new ScheduledSequence(new Sequence(new SequenceId(0), request, 0, 0), first, count, [], Samples: true);
        return cost.Of(new StepPlan([.. Enumerable.Repeat(scheduled, sequences)])).TotalSeconds;
    }

    private static int[] Matched(PrefixTable table, ulong[] blocks)
    {
        int[] matched = new int[2];
        table.Match(blocks, matched);
        return matched;
    }

    private static FleetResult Run(string routing)
    {
        SimulatedEngine[] servers = [.. Enumerable.Range(0, 4).Select(_ => Server())];
        Router router = routing switch
        {
            "conversation" => new ConversationRouter(),
            "prefix" => new PickingRouter(new PrefixTable(4, 1000), new PickerWeights(2, 0, 2, 3), 1),
            _ => new RandomRouter(1),
        };
        return new Fleet(servers, router).Run(Few, TimeSpan.Zero);
    }

    private static SimulatedEngine Server() => new(Cost, new KvCachePlan(16, [new KvGroupSpec(null, 1)], [2000]), new EngineOptions());
}
