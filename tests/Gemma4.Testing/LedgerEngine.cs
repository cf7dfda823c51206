using System.Collections.Immutable;
using System.Diagnostics.Metrics;
using Gemma4.Engine;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;

namespace Gemma4.Testing;

/// <summary>A whole engine, thread and all, over a <see cref="LedgerModelRunner"/>.</summary>
internal sealed class LedgerEngine : IAsyncDisposable
{
    private readonly TestMeterFactory _meters = new();

    /// <summary>Starts the engine.</summary>
    /// <param name="options">Defaults are small.</param>
    /// <param name="numBlocks">Blocks of the full group and of the sliding one.</param>
    /// <param name="beforeStep">Looks at each plan, and may throw to make the step fail.</param>
    /// <param name="survivesFaults">Whether the runner says that it can go on.</param>
    /// <param name="time">Clock of the metrics.</param>
    /// <param name="rightness">How often guesses of next tokens are right; null has none made.</param>
    public LedgerEngine(
        EngineOptions? options = null, (int Full, int Sliding)? numBlocks = null, Action<Gemma4.Engine.Scheduling.StepPlan>? beforeStep = null,
        bool survivesFaults = true, TimeProvider? time = null, double? rightness = null)
    {
        options ??= new EngineOptions { MaxSequences = 8, MaxTokensPerStep = 64, BlockSize = 4, MaxContextLength = 256 };
        (int full, int sliding) = numBlocks ?? (256, 64);
        var plan = new KvCachePlan(options.BlockSize, Model.Groups, [full, sliding]);
        Runner = new LedgerModelRunner(Model, plan) { BeforeStep = beforeStep, SurvivesFaults = survivesFaults };
        Engine = new GemmaEngine(
            Runner, new ModelTraits(1024, Model.VocabularySize, Model.MediaIsBidirectional) { Adapters = [new(1), new(2)] }, plan, options, _meters, Log,
            time ?? TimeProvider.System, rightness is { } share ? KnowingDrafter.Of(Model, share) : null);
    }

    /// <summary>What the tokens must be.</summary>
    public LedgerModel Model { get; } = new(97, [new KvGroupSpec(null, 64), new KvGroupSpec(9, 128)], MediaIsBidirectional: true);

    /// <summary>What executes the steps.</summary>
    public LedgerModelRunner Runner { get; }

    /// <summary>What the engine logs.</summary>
    public FaultLog Log { get; } = new();

    /// <summary>The engine.</summary>
    public GemmaEngine Engine { get; }

    /// <summary>Makes a request with seed 7.</summary>
    public static GenerationRequest Request(ImmutableArray<int> prompt, int? maxTokens) => new()
    {
        Id = "request",
        PromptTokenIds = prompt,
        Sampling = new SamplingParams { Seed = 7 },
        MaxTokens = maxTokens,
    };

    /// <summary>Reads a stream to its end.</summary>
    public static async Task<List<TokenEvent>> ReadAsync(GenerationStream stream)
    {
        List<TokenEvent> events = [];
        await foreach (TokenEvent e in stream.ReadAllAsync(Xunit.TestContext.Current.CancellationToken))
            events.Add(e);
        return events;
    }

    /// <summary>Submits a request and reads its only sequence to the end.</summary>
    public async Task<List<TokenEvent>> GenerateAsync(GenerationRequest request)
    {
        await using GenerationStream stream = await Engine.SubmitAsync(request, Xunit.TestContext.Current.CancellationToken);
        return await ReadAsync(stream);
    }

    /// <summary>The tokens that a request of <see cref="Request"/> must get.</summary>
    public List<int> Expected(GenerationRequest request) =>
        Model.Generate(request, 7, Math.Min(request.MaxTokens ?? int.MaxValue, Engine.Info.MaxContextLength - request.PromptTokenIds.Length));

    /// <summary>Listens to one instrument of this engine.</summary>
    public MetricCollector Collect(string instrument) => new(_meters, instrument);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        _meters.Dispose();
    }
}
