using System.Collections.Concurrent;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Limits;

/// <summary>What one request may take of its key's limits, and what it took. A service of the request's scope, whose end settles the account.</summary>
/// <remarks>Tokens are taken when a generation is submitted, as many as it may need, and corrected by those that it did need when the request ends.</remarks>
internal sealed class Allowance(KeyMetrics metrics) : IDisposable
{
    private const string Tag = ":latest";

    private readonly ConcurrentQueue<Func<(int Input, int Output)>> _counts = [];
    private KeyUsage? _usage;
    private long _taken;
    private bool _hasEntered;

    /// <summary>Name of the key; null where the request needed none.</summary>
    public string? KeyName => _usage?.Name;

    /// <summary>Whether the request is a line of a batch.</summary>
    public bool IsBatch { get; private set; }

    /// <summary>The model that was asked for, as the request named it; null before it was read.</summary>
    public string? Model { get; set; }

    /// <summary>How the key's requests stand; null without a limit.</summary>
    public RateState? Requests => _usage?.Requests;

    /// <summary>How the key's tokens stand; null without a limit.</summary>
    public RateState? Tokens => _usage?.Tokens;

    /// <summary>Names the key of a request that costs nothing that is counted.</summary>
    public void Name(KeyUsage usage) => _usage = usage;

    /// <summary>Counts a request in, until this is disposed.</summary>
    /// <exception cref="ApiException">429: it may not be served now.</exception>
    public void Enter(KeyUsage usage)
    {
        _usage = usage;
        if (usage.TryEnter() is { } refusal)
            throw Refused(refusal);
        _hasEntered = true;
        metrics.Request(usage.Name);
    }

    /// <summary>Lets a line of a batch in: it waits behind all other requests, so that the key's rates do not hold for it; what it takes is counted all the same.</summary>
    /// <param name="usage">Of the batch's key; null where there is none.</param>
    public void EnterBatch(KeyUsage? usage) => (_usage, IsBatch) = (usage, true);

    /// <summary>Goes on with another request's allowance, for work that outlasts it.</summary>
    public void Join(Allowance other)
    {
        (_usage, Model, IsBatch) = (other._usage, other.Model, other.IsBatch);
        if (_usage is null)
            return;
        _usage.Join();
        _hasEntered = true;
    }

    /// <summary>Whether requests may name a model so, with or without Ollama's tag.</summary>
    public bool AllowsModel(string id) => _usage is not { Limits.Models: { Length: > 0 } models }
        || models.Contains(id, StringComparer.Ordinal)
        || models.Any(model => id.Length == model.Length + Tag.Length && id.StartsWith(model, StringComparison.Ordinal) && id.EndsWith(Tag, StringComparison.Ordinal));

    /// <summary>Place in the order of service: the key's, behind which a request may put itself, but not before it.</summary>
    /// <param name="asked">What the request says.</param>
    public int PriorityOf(int asked) => _usage is not { Limits.Priority: not 0 and int own }
        ? asked
        : (int)Math.Clamp((long)own + Math.Max(0, asked), int.MinValue, int.MaxValue);

    /// <summary>Takes the tokens that a generation may need.</summary>
    /// <exception cref="ApiException">429: not now.</exception>
    public void Take(long tokens)
    {
        if (_usage is null || IsBatch)
            return;
        if (_usage.TryTake(tokens) is { } refusal)
            throw Refused(refusal);
        Interlocked.Add(ref _taken, tokens);
    }

    /// <summary>Has a generation's tokens counted at the end.</summary>
    public void Count(Func<(int Input, int Output)> tokens) => _counts.Enqueue(tokens);

    /// <summary>Settles the account.</summary>
    public void Dispose()
    {
        if (_usage is null)
            return;
        long input = 0, output = 0;
        foreach ((int ofInput, int ofOutput) in _counts.Select(count => count()))
            (input, output) = (input + ofInput, output + ofOutput);
        if (!IsBatch)
            _usage.Correct(input + output - Interlocked.Read(ref _taken));
        metrics.Tokens(_usage.Name, input, output);
        if (_hasEntered)
            _usage.Leave();
        _hasEntered = false;
    }

    private ApiException Refused(ApiError refusal)
    {
        metrics.Refused(_usage!.Name, refusal.Type);
        return new ApiException(refusal);
    }
}
