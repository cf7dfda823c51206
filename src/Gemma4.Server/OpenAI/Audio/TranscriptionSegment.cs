namespace Gemma4.Server.OpenAI.Audio;

/// <summary>What was said in one window.</summary>
internal sealed record TranscriptionSegment
{
    /// <summary>0, 1, 2, …</summary>
    public required int Id { get; init; }

    /// <summary>Where the window begins, in hundredths of a second.</summary>
    public required int Seek { get; init; }

    /// <summary>Seconds from the beginning.</summary>
    public required double Start { get; init; }

    /// <summary>Seconds from the beginning.</summary>
    public required double End { get; init; }

    /// <summary>What was said.</summary>
    public required string Text { get; init; }

    /// <summary>The generated tokens.</summary>
    public required IReadOnlyList<int> Tokens { get; init; }

    /// <summary>Of the sampling.</summary>
    public required double Temperature { get; init; }

    /// <summary>Mean log-probability of the tokens.</summary>
    public required double AvgLogprob { get; init; }

    /// <summary>How much shorter zlib makes the text: a model that repeats itself has more than about 2.4.</summary>
    public required double CompressionRatio { get; init; }

    /// <summary>The probability, at the window's first token, that the model says nothing; 0 where it is not among the best twenty.</summary>
    public required double NoSpeechProb { get; init; }
}
