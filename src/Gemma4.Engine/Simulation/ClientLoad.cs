using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;

namespace Gemma4.Engine.Simulation;

/// <summary>Clients that each send their next request as soon as they have the answer to the last, against one simulated engine.</summary>
/// <param name="NumClients">Clients, at least 1.</param>
/// <param name="PromptTokens">Tokens of each prompt, at least 1. Prompts share nothing.</param>
/// <param name="OutputTokens">Tokens of each answer, at least 1.</param>
/// <param name="RequestsPerClient">Requests that each sends, at least 1.</param>
public sealed record ClientLoad(int NumClients, int PromptTokens, int OutputTokens, int RequestsPerClient)
{
    /// <summary>Runs it to its end.</summary>
    /// <param name="engine">Idle; its queue and cache are used.</param>
    /// <exception cref="RequestRejectedException">The engine could never serve such a request.</exception>
    /// <exception cref="InvalidOperationException">The engine's queue holds fewer requests than there are clients.</exception>
    public ClientLoadResult Run(SimulatedEngine engine)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentOutOfRangeException.ThrowIfLessThan(NumClients, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(PromptTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(OutputTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(RequestsPerClient, 1);
        var clients = new Dictionary<string, Client>(StringComparer.Ordinal);
        var firstTokens = new List<TimeSpan>();
        var intervals = new List<TimeSpan>();
        for (int i = 0; i < NumClients; i++)
        {
            var client = new Client(i);
            clients.Add(client.Name, client);
            Send(engine, client, TimeSpan.Zero);
        }
        TimeSpan end = TimeSpan.Zero;
        while (engine.StepEnds is not null)
        {
            // The next step has begun when an answer has left, so a client's next request waits for the step after that.
            List<Client> answered = [];
            foreach (SimulatedToken token in engine.EndStep())
            {
                Client client = clients[token.Sequence.Request.Id];
                (client.LastToken is null ? firstTokens : intervals).Add(token.At - (client.LastToken ?? client.Sent));
                client.LastToken = end = token.At;
                if (token.FinishReason is not null)
                    answered.Add(client);
            }
            foreach (Client client in answered)
            {
                if (++client.NumAnswered < RequestsPerClient)
                    Send(engine, client, client.LastToken!.Value);
            }
        }
        double seconds = end.TotalSeconds;
        long numRequests = (long)NumClients * RequestsPerClient;
        return new ClientLoadResult(
            end, numRequests * OutputTokens / seconds, numRequests * PromptTokens / seconds, Percentiles.Of(firstTokens), Percentiles.Of(intervals));
    }

    private void Send(SimulatedEngine engine, Client client, TimeSpan now)
    {
        (client.Sent, client.LastToken) = (now, null);
        var request = new GenerationRequest
        {
            Id = client.Name,
            PromptTokenIds = [.. Enumerable.Repeat(1 + client.Index + client.NumAnswered * NumClients, PromptTokens)],
            Sampling = new SamplingParams(),
            MaxTokens = OutputTokens,
        };
        if (!engine.TrySubmit(request, now))
            throw new InvalidOperationException($"The queue of the engine is full with {engine.NumQueued} requests (MaxQueuedRequests).");
    }

    private sealed class Client(int index)
    {
        public int Index => index;

        public string Name { get; } = $"client {index}";

        public int NumAnswered { get; set; }

        public TimeSpan Sent { get; set; }

        public TimeSpan? LastToken { get; set; }
    }
}

/// <summary>What the clients saw.</summary>
/// <param name="Duration">Until the last of them was answered.</param>
/// <param name="OutputTokensPerSecond">Generated tokens, of all together.</param>
/// <param name="PromptTokensPerSecond">Prompt tokens, of all together.</param>
/// <param name="FirstToken">From sending a request to its first token.</param>
/// <param name="TokenInterval">Between two tokens of an answer.</param>
public sealed record ClientLoadResult(
    TimeSpan Duration, double OutputTokensPerSecond, double PromptTokensPerSecond, Percentiles FirstToken, Percentiles TokenInterval);
