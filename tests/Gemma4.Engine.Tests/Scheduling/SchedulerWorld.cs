using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>A scheduler over a ledger, stepped by hand: one full group and one window of 6, blocks of 4.</summary>
internal sealed class SchedulerWorld
{
    private readonly LedgerModelRunner _runner;
    private readonly SequenceFactory _factory;
    private readonly List<Sequence> _completed = [];
    private long _nextId;
    private int _nextFirstToken;

    public SchedulerWorld(
        int maxSequences = 8, int maxTokensPerStep = 64, int numBlocks = 200, int maxContext = 200, int maxEncoderTokens = 100,
        bool bidirectional = false, bool sharesPrefixes = true, int maxMediaSlices = 1, Action<MediaItem>? beforeSlice = null,
        double? rightness = null, int maxDrafts = int.MaxValue)
    {
        Model = new LedgerModel(97, [new KvGroupSpec(null, 1), new KvGroupSpec(6, 1)], bidirectional);
        var plan = new KvCachePlan(4, Model.Groups, [numBlocks, numBlocks]);
        var limits = new SchedulerLimits(maxSequences, maxTokensPerStep, maxEncoderTokens, maxContext, bidirectional);
        SequenceDrafts? drafts = rightness is { } share
            ? new SequenceDrafts(KnowingDrafter.Of(Model, share, maxDrafts), Model.VocabularySize)
            : null;
        Scheduler = new Scheduler(new KvCacheManager(plan), limits, drafts);
        _runner = new LedgerModelRunner(Model, plan) { MaxMediaSlices = maxMediaSlices, BeforeSlice = beforeSlice };
        _factory = new SequenceFactory(plan, limits, sharesPrefixes);
    }

    public LedgerModel Model { get; }

    public Scheduler Scheduler { get; }

    /// <summary>As many tokens of prompts as fit a step.</summary>
    public static PromptBudget UnlimitedPrompts { get; } = new(int.MaxValue, int.MaxValue);

    public PromptBudget Prompts { get; set; } = UnlimitedPrompts;

    /// <summary>As many tokens of batches as fit a step.</summary>
    public static BatchBudget UnlimitedBatches { get; } = new(int.MaxValue, int.MaxValue);

    public BatchBudget Batches { get; set; } = UnlimitedBatches;

    public GenerationRequest Request(ImmutableArray<int> prompt, int? maxTokens, int priority = 0, bool isBatch = false) => new()
    {
        Id = "request",
        PromptTokenIds = prompt,
        Sampling = new SamplingParams(),
        MaxTokens = maxTokens,
        Priority = priority,
        IsBatch = isBatch,
    };

    /// <summary>Adds a sequence whose prompt begins like no other's.</summary>
    public Sequence Add(int prompt, int? maxTokens = 10, int priority = 0, bool isBatch = false)
    {
        int first = _nextFirstToken++;
        return AddRequest(Request([first, .. Enumerable.Range(0, prompt - 1)], maxTokens, priority, isBatch))[0];
    }

    public Sequence Add(ImmutableArray<int> prompt, int? maxTokens) => AddRequest(Request(prompt, maxTokens))[0];

    public Sequence[] AddRequest(GenerationRequest request)
    {
        ImmutableArray<Sequence> sequences = _factory.Create(request, _nextId, 0);
        _nextId += sequences.Length;
        foreach (Sequence sequence in sequences)
            Scheduler.Add(sequence);
        return [.. sequences];
    }

    /// <summary>Runs one step and tells who computed how many tokens.</summary>
    public (Sequence, int)[] Step()
    {
        StepPlan plan = Scheduler.Schedule(Prompts, Batches);
        (Sequence, int)[] scheduled = [.. plan.Sequences.ToArray().Select(s => (s.Sequence, s.NumTokens))];
        foreach (SequenceOutput output in Scheduler.Commit(plan, _runner.Execute(plan)))
        {
            if (output.Event.FinishReason is not null)
                _completed.Add(output.Sequence);
        }
        return scheduled;
    }

    /// <summary>Runs to the end.</summary>
    public List<Sequence> OrderOfCompletion()
    {
        RunCountingTokens();
        return _completed;
    }

    /// <summary>Runs to the end and tells how many tokens were computed.</summary>
    public int RunCountingTokens()
    {
        int computed = 0;
        for (int step = 0; Scheduler.TryPeek(out _); step++)
        {
            Assert.True(step < 10_000, "it does not end");
            computed += Step().Sum(s => s.Item2);
        }
        return computed;
    }

    public void AssertTokensAreThoseAlone(params Sequence[] sequences)
    {
        foreach (Sequence sequence in sequences)
        {
            Assert.Equal(
                Model.Generate(sequence.Request, sequence.Seed, sequence.MaxOutputTokens),
                sequence.TokenIds[sequence.NumPromptTokens..].ToArray());
        }
    }
}
