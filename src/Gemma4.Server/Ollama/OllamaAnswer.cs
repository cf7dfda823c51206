namespace Gemma4.Server.Ollama;

/// <summary>A piece of an answer, or the whole; the last one has <see cref="Done"/> and what it cost.</summary>
internal abstract record OllamaAnswer
{
    /// <summary>The model as the request named it.</summary>
    public required string Model { get; init; }

    /// <summary>When it was written, RFC 3339.</summary>
    public required string CreatedAt { get; init; }

    /// <summary>Whether it is the last piece.</summary>
    public required bool Done { get; init; }

    /// <summary><c>stop</c>, <c>length</c>, or <c>load</c> where nothing was asked.</summary>
    public string? DoneReason { get; init; }

    /// <summary>Nanoseconds since the request began.</summary>
    public long? TotalDuration { get; init; }

    /// <summary>Always 0: the model is loaded.</summary>
    public long? LoadDuration { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public int? PromptEvalCount { get; init; }

    /// <summary>Nanoseconds to the first token.</summary>
    public long? PromptEvalDuration { get; init; }

    /// <summary>Generated tokens.</summary>
    public int? EvalCount { get; init; }

    /// <summary>Nanoseconds from the first token to the last.</summary>
    public long? EvalDuration { get; init; }
}

/// <summary>A piece of an answer of <c>/api/chat</c>, or the whole.</summary>
internal sealed record OllamaChatAnswer : OllamaAnswer
{
    /// <summary>What is new.</summary>
    public required OllamaMessage Message { get; init; }
}

/// <summary>A piece of an answer of <c>/api/generate</c>, or the whole.</summary>
internal sealed record OllamaGenerateAnswer : OllamaAnswer
{
    /// <summary>More text.</summary>
    public required string Response { get; init; }

    /// <summary>More of the thought.</summary>
    public string? Thinking { get; init; }
}
