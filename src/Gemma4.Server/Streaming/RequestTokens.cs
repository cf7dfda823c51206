using System.Collections.Concurrent;
using Gemma4.Server.Metrics;

namespace Gemma4.Server.Streaming;

/// <summary>The generations of one HTTP request, counted together: for the line that is logged of it, and for metrics. A service of the request's scope.</summary>
internal sealed class RequestTokens(TimeProvider time)
{
    private readonly long _began = time.GetTimestamp();
    private readonly ConcurrentQueue<Generation> _generations = [];
    private RequestLabels? _labels;
    private HttpContext? _context;

    /// <summary>What metrics of the request are labelled with, once its endpoint is known; null where that does not generate.</summary>
    public RequestLabels? Labels
    {
        get => _labels ?? RequestLabels.Of(_context?.GetEndpoint());
        set => _labels = value;
    }

    /// <summary>Whether the engine has taken anything of it.</summary>
    public bool HasGenerations => !_generations.IsEmpty;

    /// <summary>Since the beginning of the request.</summary>
    public TimeSpan Elapsed => time.GetElapsedTime(_began);

    /// <summary>Begins the request, before its body is read.</summary>
    public void Begin(HttpContext context) => _context = context;

    /// <summary>When a generation's measurement begins that is added next: the first one's with the request, a later one's now.</summary>
    public long NextBegins() => HasGenerations ? time.GetTimestamp() : _began;

    /// <summary>Counts a generation from now on.</summary>
    public void Add(Generation generation) => _generations.Enqueue(generation);

    /// <summary>The counts so far; null where nothing was generated.</summary>
    public TokenCounts? Count()
    {
        Generation[] all = [.. _generations];
        if (all.Length == 0)
            return null;
        int output = all.Sum(g => g.NumOutputTokens);
        long? first = all.Min(g => g.FirstTokenAt), last = all.Max(g => g.LastTokenAt);
        return new TokenCounts(all.Sum(g => g.Request.PromptTokenIds.Length), all.Sum(g => g.Sequences[0].CachedTokens), output)
        {
            ToFirst = first is { } began ? time.GetElapsedTime(_began, began) : null,
            PerSecond = output > 1 && first < last ? (output - 1) / time.GetElapsedTime(first.Value, last.Value).TotalSeconds : null,
        };
    }
}

/// <summary>What a request cost.</summary>
/// <param name="Input">Tokens of its prompts.</param>
/// <param name="Cached">Those of them found in the prefix cache.</param>
/// <param name="Output">Generated tokens.</param>
internal sealed record TokenCounts(int Input, int Cached, int Output)
{
    /// <summary>From the beginning of the request, before its body is read, to its first token; null where none came.</summary>
    public TimeSpan? ToFirst { get; init; }

    /// <summary>Tokens a second from the first to the last; null where fewer than two came.</summary>
    public double? PerSecond { get; init; }
}
