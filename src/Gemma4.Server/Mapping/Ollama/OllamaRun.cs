using System.Globalization;
using Gemma4.Server.Ollama;
using Gemma4.Server.Streaming;

namespace Gemma4.Server.Mapping.Ollama;

/// <summary>A request of Ollama's API that the engine has accepted, and how its answers are written.</summary>
/// <param name="generation">Runs.</param>
/// <param name="model">The model as the request named it.</param>
/// <param name="isChat">Whether it came to <c>/api/chat</c>.</param>
/// <param name="time">The clock.</param>
/// <param name="began">When the request began, as a timestamp of the clock.</param>
internal sealed class OllamaRun(Generation generation, string model, bool isChat, TimeProvider time, long began)
{
    /// <summary>Read to its end; whoever reads it disposes it.</summary>
    public Generation Generation => generation;

    /// <summary>A piece that is not the last.</summary>
    public OllamaAnswer Piece(OllamaMessage message) => Answer(message, model, isChat, time);

    /// <summary>The last piece, or the whole answer, with what it cost.</summary>
    /// <param name="message">What it says.</param>
    /// <param name="reason">Why it ended.</param>
    public OllamaAnswer Last(OllamaMessage message, string reason)
    {
        long first = generation.FirstTokenAt ?? time.GetTimestamp();
        return Answer(message, model, isChat, time) with
        {
            Done = true,
            DoneReason = reason,
            TotalDuration = Nanoseconds(began, time.GetTimestamp()),
            LoadDuration = 0,
            PromptEvalCount = generation.Request.PromptTokenIds.Length,
            PromptEvalDuration = Nanoseconds(began, first),
            EvalCount = generation.Sequences[0].TokenIds.Count,
            EvalDuration = Nanoseconds(first, generation.LastTokenAt ?? first),
        };
    }

    /// <summary>The answer to a request that asks for nothing: the model is loaded, and stays so.</summary>
    public static OllamaAnswer Loaded(string model, bool isChat, TimeProvider time) =>
        Answer(OllamaPieces.Message(""), model, isChat, time) with { Done = true, DoneReason = "load" };

    /// <summary>A time as this API writes it.</summary>
    public static string Written(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    private static OllamaAnswer Answer(OllamaMessage message, string model, bool isChat, TimeProvider time) => isChat
        ? new OllamaChatAnswer { Model = model, CreatedAt = Written(time.GetUtcNow()), Done = false, Message = message }
        : new OllamaGenerateAnswer { Model = model, CreatedAt = Written(time.GetUtcNow()), Done = false, Response = message.Content!, Thinking = message.Thinking };

    private long Nanoseconds(long from, long to) => (long)(time.GetElapsedTime(from, to).TotalMilliseconds * 1_000_000);
}
