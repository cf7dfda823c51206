using System.Collections.Immutable;
using Gemma4.Engine;
using Gemma4.Engine.Requests;

namespace Gemma4.ServerBenchmark;

/// <summary>An engine without a model: every step gives each running sequence its next token, as one that decodes them together does.</summary>
internal sealed class SteppingEngine : IGenerationEngine
{
    private readonly ImmutableArray<int> _text;
    private readonly TimeSpan _step;
    private readonly Lock _lock = new();
    private readonly List<Run> _runs = [];

    /// <param name="text">Tokens that every answer repeats.</param>
    /// <param name="step">Time from one step to the next.</param>
    public SteppingEngine(ImmutableArray<int> text, TimeSpan step)
    {
        (_text, _step) = (text, step);
        new Thread(Step) { IsBackground = true, Name = "Stepping engine" }.Start();
    }

    /// <summary>Tokens handed out so far.</summary>
    public long NumTokens { get; private set; }

    /// <summary>Sequences that have not ended.</summary>
    public int NumRunning
    {
        get
        {
            lock (_lock)
                return _runs.Count;
        }
    }

    /// <inheritdoc/>
    public EngineInfo Info { get; } = new(8192, 1 << 20, 1 << 16, 1 << 30, 16, 1024, 2048);

    /// <inheritdoc/>
    public EngineHealth Health => EngineHealth.Ready;

    /// <inheritdoc/>
    public void CheckAdmission()
    {
    }

    /// <inheritdoc/>
    public Task<GenerationStream> SubmitAsync(GenerationRequest request, CancellationToken cancellationToken)
    {
        var run = new Run(request);
        lock (_lock)
            _runs.Add(run);
        return Task.FromResult(run.Stream);
    }

    /// <inheritdoc/>
    public Task DrainAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private void Step()
    {
        for (int step = 0; ; step++)
        {
            lock (_lock)
            {
                foreach (Run run in _runs)
                    run.Publish(_text[step % _text.Length]);
                NumTokens += _runs.Count;
                _runs.RemoveAll(run => run.HasEnded);
            }
            Thread.Sleep(_step);
        }
    }

    private sealed class Run
    {
        private readonly int _maxTokens;
        private int _numTokens;
        private volatile bool _isAborted;

        public Run(GenerationRequest request)
        {
            _maxTokens = request.MaxTokens ?? int.MaxValue;
            Stream = new GenerationStream(1, _ => _isAborted = true);
        }

        public GenerationStream Stream { get; }

        public bool HasEnded { get; private set; }

        public void Publish(int token)
        {
            HasEnded = ++_numTokens == _maxTokens || _isAborted;
            Stream.Publish(new TokenEvent { SequenceIndex = 0, TokenId = token, FinishReason = HasEnded ? FinishReason.Length : null });
        }
    }
}
