using Gemma4.Engine.Simulation;

namespace Gemma4.FleetSimulation;

/// <summary>Servers behind a router, in simulated time.</summary>
/// <param name="servers">Idle.</param>
/// <param name="router">Says where a turn goes.</param>
internal sealed class Fleet(IReadOnlyList<SimulatedEngine> servers, Router router)
{
    /// <summary>A router reads what servers tell this often, as llm-d's picker does.</summary>
    private static readonly TimeSpan ScrapeInterval = TimeSpan.FromMilliseconds(50);

    /// <summary>Who is refused because a queue is full comes again after this time.</summary>
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(1);

    private readonly PriorityQueue<Conversation, (TimeSpan Time, int Id)> _turns = new();
    private readonly PriorityQueue<int, (TimeSpan Time, int Server)> _steps = new();
    private readonly Dictionary<string, Conversation> _served = [];
    private readonly ServerState[] _states = new ServerState[servers.Count];
    private readonly List<TimeSpan> _firstTokens = [];
    private readonly List<TimeSpan> _intervals = [];
    private TimeSpan _scraped = TimeSpan.MinValue;
    private TimeSpan _measuredFrom;
    private TimeSpan _measuredTo;
    private long _numRefused;
    private long _numTokens;

    /// <summary>Serves all conversations to their end.</summary>
    /// <param name="traffic">The conversations.</param>
    /// <param name="warmUp">Turns sent before this time are served and not measured: caches are empty at first.</param>
    public FleetResult Run(Traffic traffic, TimeSpan warmUp)
    {
        (_measuredFrom, _measuredTo) = (warmUp, traffic.Length);
        foreach (Conversation conversation in traffic.Conversations())
            _turns.Enqueue(conversation, (conversation.Sent, conversation.Id));
        while (_turns.TryPeek(out _, out (TimeSpan Time, int Id) turn) | _steps.TryPeek(out _, out (TimeSpan Time, int Server) step))
        {
            if (_steps.Count > 0 && (_turns.Count == 0 || step.Time <= turn.Time))
                EndStep(_steps.Dequeue());
            else
                Send(_turns.Dequeue(), turn.Time);
        }
        double measured = (traffic.Length - warmUp).TotalSeconds;
        long queries = servers.Sum(s => s.NumPrefixQueries);
        return new FleetResult(
            _firstTokens.Count, Percentiles.Of(_firstTokens), Percentiles.Of(_intervals), queries == 0 ? 0 : (double)servers.Sum(s => s.NumPrefixHits) / queries,
            _numTokens / measured / servers.Count, _numRefused, servers.Sum(s => s.NumPreemptions));
    }

    private void Send(Conversation conversation, TimeSpan now)
    {
        if (now - ScrapeInterval >= _scraped)
        {
            for (int i = 0; i < servers.Count; i++)
                _states[i] = _states[i] with { NumQueued = servers[i].NumQueued, KvUsage = servers[i].KvUsage };
            _scraped = now;
        }
        Engine.Requests.GenerationRequest request = conversation.Request();
        int server = router.Choose(conversation, request.PromptTokenIds.AsSpan(), _states);
        bool wasIdle = servers[server].StepEnds is null;
        if (!servers[server].TrySubmit(request, now))
        {
            _numRefused++;
            _turns.Enqueue(conversation, (now + RetryAfter, conversation.Id));
            return;
        }
        _served.Add(request.Id, conversation);
        _states[server] = _states[server] with { NumActive = _states[server].NumActive + 1 };
        if (wasIdle)
            _steps.Enqueue(server, (servers[server].StepEnds!.Value, server));
    }

    private void EndStep(int server)
    {
        foreach (SimulatedToken token in servers[server].EndStep())
        {
            Conversation conversation = _served[token.Sequence.Request.Id];
            if (conversation.LastToken is null)
                conversation.FirstToken = token.At;
            conversation.LastToken = token.At;
            if (token.At >= _measuredFrom && token.At < _measuredTo)
                _numTokens++;
            if (token.FinishReason is null)
                continue;
            _states[server] = _states[server] with { NumActive = _states[server].NumActive - 1 };
            Answered(conversation, token);
        }
        if (servers[server].StepEnds is { } end)
            _steps.Enqueue(server, (end, server));
    }

    private void Answered(Conversation conversation, SimulatedToken last)
    {
        _served.Remove(last.Sequence.Request.Id);
        if (conversation.Sent >= _measuredFrom && conversation.Sent < _measuredTo)
        {
            _firstTokens.Add(conversation.FirstToken - conversation.Sent);
            if (conversation.AnswerTokens > 1)
                _intervals.Add((last.At - conversation.FirstToken) / (conversation.AnswerTokens - 1));
        }
        if (conversation.Next(last.Sequence.TokenIds, last.At) is { } next)
            _turns.Enqueue(conversation, (next, conversation.Id));
    }
}

/// <summary>What users saw.</summary>
/// <param name="NumTurns">Turns that were measured: sent after the warm-up and while conversations still began.</param>
/// <param name="FirstToken">From sending a turn to the first token of its answer, refusals included.</param>
/// <param name="Interval">Between two tokens of an answer, its own mean.</param>
/// <param name="HitRate">Of all prompts' tokens, the share found in a prefix cache.</param>
/// <param name="TokensPerSecond">Generated tokens a server in that time.</param>
/// <param name="NumRefused">Refusals because a queue was full.</param>
/// <param name="NumPreemptions">Sequences that gave their blocks back.</param>
internal sealed record FleetResult(
    int NumTurns, Percentiles FirstToken, Percentiles Interval, double HitRate, double TokensPerSecond, long NumRefused, long NumPreemptions);
