using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping;

/// <summary>What fits into the context. Clients know an overflow by these words and by the code.</summary>
internal static class ContextRules
{
    /// <summary>What some clients send for "no limit".</summary>
    private const int NoLimit = -1;

    /// <summary>A limit as it was sent; null where it is none.</summary>
    public static int? Limit(int? sent) => sent == NoLimit ? null : sent;

    /// <summary>The tokens that may be generated: what was asked for, but no more than the prompt leaves.</summary>
    /// <param name="promptTokens">Length of the prompt.</param>
    /// <param name="asked">What the request asks for; null takes all there is.</param>
    /// <param name="askedParam">Name of the field that asks.</param>
    /// <param name="promptParam">Name of the field that holds the prompt.</param>
    /// <param name="context">Prompt and output together.</param>
    /// <remarks>Agents ask for more than is left as a matter of course, so that is cut silently; more than the whole context is a mistake.</remarks>
    public static int Room(int promptTokens, int? asked, string askedParam, string promptParam, int context)
    {
        if (asked > context)
            throw Fault.Of(
                $"{askedParam} is too large: {asked}. This model supports at most {context} completion tokens, whereas you provided {asked}. "
                + $"This model's maximum context length is {context} tokens.", askedParam);
        if (promptTokens >= context)
            throw Fault.Of(
                $"This model's maximum context length is {context} tokens. However, your {promptParam} resulted in {promptTokens} tokens. "
                + $"Please reduce the length of the {promptParam}.", promptParam, "context_length_exceeded");
        return Math.Min(asked ?? int.MaxValue, context - promptTokens);
    }
}
