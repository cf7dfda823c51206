using System.Collections.Immutable;
using Gemma4.Engine.Requests;

namespace Gemma4.Engine.Parsing;

/// <summary>
/// Keeps the log-probabilities of tokens until it is known whether their text is content. Tokens that make up one character together,
/// or one after the other without text, are one group: the symbols they give carry its number.
/// </summary>
internal sealed class LogprobLedger
{
    private readonly Dictionary<int, List<(int TokenId, TokenLogprobs Logprobs)>> _groups = [];

    /// <summary>The group that collects tokens now.</summary>
    public int Group { get; private set; }

    public void Add(int tokenId, TokenLogprobs? logprobs)
    {
        if (logprobs is null)
            return;
        if (!_groups.TryGetValue(Group, out List<(int, TokenLogprobs)>? group))
            _groups[Group] = group = [];
        group.Add((tokenId, logprobs));
    }

    /// <summary>The tokens so far have given their text; the next ones begin another group.</summary>
    public void EndGroup() => Group++;

    /// <summary>Takes what the groups hold; each is given once.</summary>
    public ImmutableArray<(int TokenId, TokenLogprobs Logprobs)> Take(IEnumerable<int> groups)
    {
        if (_groups.Count == 0)
            return [];
        var taken = ImmutableArray.CreateBuilder<(int, TokenLogprobs)>();
        foreach (int group in groups)
            if (_groups.Remove(group, out List<(int, TokenLogprobs)>? tokens))
                taken.AddRange(tokens);
        return taken.ToImmutable();
    }

    /// <summary>Forgets ended groups: none of their text is undecided any more.</summary>
    public void Forget()
    {
        if (_groups.Count == 0)
            return;
        _groups.Remove(Group, out List<(int, TokenLogprobs)>? current);
        _groups.Clear();
        if (current is not null)
            _groups[Group] = current;
    }
}
