using Gemma4.Server.OpenAI;
using Gemma4.Server.OpenAI.Completions;

namespace Gemma4.Server.Mapping.Completions;

/// <summary>The object around choices of a text completion.</summary>
internal static class TextCompletions
{
    public static TextCompletion Plain(AnswerHead head, TextChoice[] choices) => new()
    {
        Id = head.Id,
        Created = head.Created,
        Model = head.Model,
        SystemFingerprint = head.Fingerprint,
        Choices = choices,
    };

    public static TextCompletionWithUsage WithUsage(AnswerHead head, TextChoice[] choices, Usage? usage) => new()
    {
        Id = head.Id,
        Created = head.Created,
        Model = head.Model,
        SystemFingerprint = head.Fingerprint,
        Choices = choices,
        Usage = usage,
    };
}
