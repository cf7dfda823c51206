namespace Gemma4.FleetSimulation;

/// <summary>Says which server a turn goes to.</summary>
internal abstract class Router
{
    /// <summary>Chooses.</summary>
    /// <param name="conversation">Whose turn.</param>
    /// <param name="promptTokenIds">All that it sends.</param>
    /// <param name="servers">What is known of the servers, an entry each.</param>
    /// <returns>The server's index.</returns>
    public abstract int Choose(Conversation conversation, ReadOnlySpan<int> promptTokenIds, ReadOnlySpan<ServerState> servers);
}

/// <summary>What a router knows of a server.</summary>
/// <param name="NumQueued">Requests that no step has taken up, as the server told lately.</param>
/// <param name="KvUsage">Share of the KV cache that is held, 0 to 1, as the server told lately.</param>
/// <param name="NumActive">Requests that it was sent and has not answered, as the router has counted itself.</param>
internal readonly record struct ServerState(int NumQueued, double KvUsage, int NumActive);

/// <summary>Any server, by chance: a Kubernetes service.</summary>
internal sealed class RandomRouter(int seed) : Router
{
    private readonly Random _random = new(seed);

    public override int Choose(Conversation conversation, ReadOnlySpan<int> promptTokenIds, ReadOnlySpan<ServerState> servers) => _random.Next(servers.Length);
}

/// <summary>The server of the conversation, whatever its load: <c>deploy/balancer</c>.</summary>
internal sealed class ConversationRouter : Router
{
    public override int Choose(Conversation conversation, ReadOnlySpan<int> promptTokenIds, ReadOnlySpan<ServerState> servers) =>
        (int)(Mixing.Of((ulong)conversation.Id) % (ulong)servers.Length);
}

/// <summary>The server with the highest sum of weighted scores, as llm-d's endpoint picker has them (queue-scorer, active-request-scorer, kv-cache-utilization-scorer,
/// prefix-cache-scorer): <c>deploy/kubernetes/components/gateway</c>.</summary>
/// <param name="table">What servers were sent; grows with each choice.</param>
/// <param name="weights">Of the scores.</param>
/// <param name="seed">Chooses among equals.</param>
internal sealed class PickingRouter(PrefixTable table, PickerWeights weights, int seed) : Router
{
    private readonly Random _random = new(seed);
    private int[] _matched = [];

    public override int Choose(Conversation conversation, ReadOnlySpan<int> promptTokenIds, ReadOnlySpan<ServerState> servers)
    {
        ulong[] blocks = PrefixTable.Blocks(promptTokenIds);
        if (_matched.Length != servers.Length)
            _matched = new int[servers.Length];
        if (weights.Prefix > 0)
            table.Match(blocks, _matched);
        (int leastQueued, int mostQueued, int mostActive) = (int.MaxValue, 0, 0);
        foreach (ServerState server in servers)
        {
            (leastQueued, mostQueued) = (Math.Min(leastQueued, server.NumQueued), Math.Max(mostQueued, server.NumQueued));
            mostActive = Math.Max(mostActive, server.NumActive);
        }
        (int chosen, int numEqual, double best) = (0, 0, double.NegativeInfinity);
        for (int i = 0; i < servers.Length; i++)
        {
            double score = weights.Queue * (mostQueued == leastQueued ? 1 : (double)(mostQueued - servers[i].NumQueued) / (mostQueued - leastQueued))
                + weights.Active * (servers[i].NumActive == 0 ? 1 : (double)(mostActive - servers[i].NumActive) / mostActive)
                + weights.Kv * (1 - servers[i].KvUsage)
                + weights.Prefix * (blocks.Length == 0 ? 0 : (double)_matched[i] / blocks.Length);
            if (score > best)
                (chosen, numEqual, best) = (i, 1, score);
            else if (score == best && _random.Next(++numEqual) == 0)
                chosen = i;
        }
        if (weights.Prefix > 0)
            table.Add(chosen, blocks);
        return chosen;
    }
}

/// <summary>How much each score counts.</summary>
/// <param name="Queue">A short queue.</param>
/// <param name="Active">Few requests that are queued or served.</param>
/// <param name="Kv">Free KV blocks.</param>
/// <param name="Prefix">The share of the prompt that the server was sent before.</param>
internal readonly record struct PickerWeights(double Queue, double Active, double Kv, double Prefix);
