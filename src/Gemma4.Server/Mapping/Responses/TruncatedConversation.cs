using Gemma4.Engine.Requests;
using Gemma4.Server.Errors;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Responses;

/// <summary>Drops the oldest turns of a conversation until it fits (<c>truncation: auto</c>).</summary>
internal static class TruncatedConversation
{
    /// <summary>Starts the job, without its oldest turns if it is too long: as few as make it fit. The system message and the last turn stay.</summary>
    /// <param name="job">The whole conversation.</param>
    /// <param name="fits">Whether a shorter one fits; asked of few, for each has to be rendered and tokenised.</param>
    /// <param name="start">Starts one.</param>
    /// <exception cref="ApiException">Even the last turn is too long, or anything else is wrong.</exception>
    public static async Task<Generation> StartAsync(ChatJob job, Func<ChatJob, Task<bool>> fits, Func<ChatJob, Task<Generation>> start)
    {
        int[] turns = [.. TurnsAfterFirst(job)];
        try
        {
            return await start(job);
        }
        catch (Exception refused) when (IsTooLong(refused) && turns.Length > 0)
        {
            // Too long as it is; how much shorter it must be is looked for below.
        }
        // The fewest turns to drop: all below `least` are too few, and `most` is enough or all there are.
        int least = 1, most = turns.Length;
        while (least < most)
        {
            int middle = (least + most) / 2;
            if (await fits(From(job, turns[middle - 1])))
                most = middle;
            else
                least = middle + 1;
        }
        return await start(From(job, turns[most - 1]));
    }

    /// <summary>Where the second user message stands, and those after it.</summary>
    public static IEnumerable<int> TurnsAfterFirst(ChatJob job) =>
        Enumerable.Range(0, job.Messages.Count).Where(i => i > First(job) && job.Messages[i].Role == "user");

    /// <summary>The same conversation from a message on, behind the system message.</summary>
    public static ChatJob From(ChatJob job, int message) => job with { Messages = [.. job.Messages.Take(First(job)), .. job.Messages.Skip(message)] };

    private static int First(ChatJob job) => job.Messages is [{ Role: "system" }, ..] ? 1 : 0;

    private static bool IsTooLong(Exception refused) => refused switch
    {
        ApiException api => api.Error.Code == "context_length_exceeded",
        RequestRejectedException rejected => rejected.Reason == RejectionReason.ContextLengthExceeded,
        _ => false,
    };
}
