namespace Gemma4.FleetSimulation;

/// <summary>Says which server a turn goes to.</summary>
internal abstract class Router
{
    /// <summary>Chooses.</summary>
    /// <param name="conversation">Whose turn.</param>
    /// <param name="promptTokenIds">All that it sends.</param>
    /// <param name="servers">What the servers have told of themselves lately, an entry each.</param>
    /// <returns>The server's index.</returns>
    public abstract int Choose(Conversation conversation, ReadOnlySpan<int> promptTokenIds, ReadOnlySpan<ServerState> servers);
}

/// <summary>What a server tells at <c>/metrics</c>.</summary>
/// <param name="NumQueued">Requests that no step has taken up.</param>
/// <param name="NumRunning">Requests that share the steps.</param>
/// <param name="KvUsage">Share of the KV cache that is held, 0 to 1.</param>
internal readonly record struct ServerState(int NumQueued, int NumRunning, double KvUsage);

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

/// <summary>The server with the highest sum of weighted scores, as llm-d's endpoint picker has them: <c>deploy/kubernetes/components/gateway</c>.</summary>
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
        (int leastQueued, int mostQueued, int leastRunning, int mostRunning) = (int.MaxValue, 0, int.MaxValue, 0);
        foreach (ServerState server in servers)
        {
            (leastQueued, mostQueued) = (Math.Min(leastQueued, server.NumQueued), Math.Max(mostQueued, server.NumQueued));
            (leastRunning, mostRunning) = (Math.Min(leastRunning, server.NumRunning), Math.Max(mostRunning, server.NumRunning));
        }
        (int chosen, int numEqual, double best) = (0, 0, double.NegativeInfinity);
        for (int i = 0; i < servers.Length; i++)
        {
            double score = weights.Queue * Shortness(servers[i].NumQueued, leastQueued, mostQueued)
                + weights.Running * Shortness(servers[i].NumRunning, leastRunning, mostRunning)
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

    /// <summary>1 for the shortest, 0 for the longest; 1 where all are equal.</summary>
    private static double Shortness(int count, int least, int most) => most == least ? 1 : (double)(most - count) / (most - least);
}

/// <summary>How much each score counts.</summary>
/// <param name="Queue">A short queue.</param>
/// <param name="Running">Few requests in the steps.</param>
/// <param name="Kv">Free KV blocks.</param>
/// <param name="Prefix">The share of the prompt that the server was sent before.</param>
internal readonly record struct PickerWeights(double Queue, double Running, double Kv, double Prefix);
