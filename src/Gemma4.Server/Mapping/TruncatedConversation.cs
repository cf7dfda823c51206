using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping;

/// <summary>Drops the oldest turns of a conversation until it fits (<c>truncation: auto</c>).</summary>
internal static class TruncatedConversation
{
    /// <summary>Starts the job, again and again with fewer turns while it is too long. The system message and the last turn stay.</summary>
    /// <exception cref="ApiException">Even the last turn is too long, or anything else is wrong.</exception>
    public static async Task<Generation> StartAsync(ChatJob job, Func<ChatJob, Task<Generation>> start)
    {
        while (true)
        {
            try
            {
                return await start(job);
            }
            catch (Exception refused) when (IsTooLong(refused) && WithoutOldestTurn(job) is { } shorter)
            {
                job = shorter;
            }
        }
    }

    /// <summary>The same conversation from its second user message on; null when it has but one.</summary>
    public static ChatJob? WithoutOldestTurn(ChatJob job)
    {
        int first = job.Messages is [{ Role: "system" }, ..] ? 1 : 0;
        int next = first + 1;
        while (next < job.Messages.Count && job.Messages[next].Role != "user")
            next++;
        return next >= job.Messages.Count ? null : job with { Messages = [.. job.Messages.Take(first), .. job.Messages.Skip(next)] };
    }

    private static bool IsTooLong(Exception refused) => refused switch
    {
        ApiException api => api.Error.Code == "context_length_exceeded",
        RequestRejectedException rejected => rejected.Reason == RejectionReason.ContextLengthExceeded,
        _ => false,
    };
}
