namespace Gemma4.FleetSimulation;

/// <summary>Which servers have lately been sent which beginnings, block by block: what an endpoint picker knows of their prefix caches without asking them.</summary>
/// <param name="numServers">Servers.</param>
/// <param name="capacity">Blocks remembered for each; those not met for the longest are forgotten.</param>
internal sealed class PrefixTable(int numServers, int capacity)
{
    /// <summary>Tokens of a block, the least that llm-d's picker takes.</summary>
    public const int BlockSize = 64;

    private readonly Dictionary<ulong, HashSet<int>> _servers = [];
    private readonly Dictionary<ulong, LinkedListNode<ulong>>[] _known = [.. Enumerable.Range(0, numServers).Select(_ => new Dictionary<ulong, LinkedListNode<ulong>>())];
    private readonly LinkedList<ulong>[] _order = [.. Enumerable.Range(0, numServers).Select(_ => new LinkedList<ulong>())];

    /// <summary>The names of a prompt's whole blocks, each with all before it.</summary>
    public static ulong[] Blocks(ReadOnlySpan<int> tokenIds)
    {
        ulong[] blocks = new ulong[tokenIds.Length / BlockSize];
        ulong hash = 0;
        for (int i = 0; i < blocks.Length; i++)
        {
            foreach (int token in tokenIds.Slice(i * BlockSize, BlockSize))
                hash = Mixing.Of(hash ^ (uint)token);
            blocks[i] = hash;
        }
        return blocks;
    }

    /// <summary>Counts the leading blocks that each server was sent.</summary>
    /// <param name="blocks">The prompt's.</param>
    /// <param name="matched">Receives the counts, an entry a server.</param>
    public void Match(ReadOnlySpan<ulong> blocks, Span<int> matched)
    {
        matched.Clear();
        for (int i = 0; i < blocks.Length && _servers.TryGetValue(blocks[i], out HashSet<int>? servers); i++)
        {
            foreach (int server in servers)
            {
                if (matched[server] == i)
                    matched[server] = i + 1;
            }
        }
    }

    /// <summary>Notes that a server is sent a prompt.</summary>
    public void Add(int server, ReadOnlySpan<ulong> blocks)
    {
        // From the end, so that of a prompt that is partly forgotten the beginning stays longest.
        for (int i = blocks.Length - 1; i >= 0; i--)
        {
            ulong block = blocks[i];
            if (_known[server].Remove(block, out LinkedListNode<ulong>? node))
                _order[server].Remove(node);
            _known[server][block] = _order[server].AddLast(block);
            if (!_servers.TryGetValue(block, out HashSet<int>? servers))
                _servers[block] = servers = [];
            servers.Add(server);
        }
        while (_order[server].Count > capacity)
            Forget(server, _order[server].First!.Value);
    }

    private void Forget(int server, ulong block)
    {
        _order[server].RemoveFirst();
        _known[server].Remove(block);
        HashSet<int> servers = _servers[block];
        servers.Remove(server);
        if (servers.Count == 0)
            _servers.Remove(block);
    }
}
