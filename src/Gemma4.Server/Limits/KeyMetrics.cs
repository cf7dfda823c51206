using System.Diagnostics.Metrics;

namespace Gemma4.Server.Limits;

/// <summary>What the holders of keys use, by the keys' names: there are as many series as keys.</summary>
internal sealed class KeyMetrics
{
    /// <summary>Name of the meter.</summary>
    public const string MeterName = "Gemma4.Keys";

    private readonly Counter<long> _requests, _tokens, _refusals;

    public KeyMetrics(IMeterFactory meters)
    {
        Meter meter = meters.Create(MeterName);
        _requests = meter.CreateCounter<long>("gemma4.key.requests", "{request}", "Requests that a key's holder sent and that were not refused by its limits.");
        _tokens = meter.CreateCounter<long>("gemma4.key.tokens", "{token}", "Tokens of a key's prompts (input) and answers (output).");
        _refusals = meter.CreateCounter<long>("gemma4.key.refusals", "{request}", "Requests that a key's limits refused.");
    }

    /// <summary>Counts a request.</summary>
    public void Request(string key) => _requests.Add(1, KeyValuePair.Create<string, object?>("key", key));

    /// <summary>Counts tokens.</summary>
    public void Tokens(string key, long input, long output)
    {
        KeyValuePair<string, object?> tag = new("key", key);
        if (input > 0)
            _tokens.Add(input, tag, KeyValuePair.Create<string, object?>("type", "input"));
        if (output > 0)
            _tokens.Add(output, tag, KeyValuePair.Create<string, object?>("type", "output"));
    }

    /// <summary>Counts a refusal.</summary>
    /// <param name="key">Whose.</param>
    /// <param name="limit">Which limit: <c>requests</c> or <c>tokens</c>.</param>
    public void Refused(string key, string limit) =>
        _refusals.Add(1, KeyValuePair.Create<string, object?>("key", key), KeyValuePair.Create<string, object?>("limit", limit));
}
