using System.Collections.Immutable;

namespace Gemma4.Server.Mapping;

/// <summary>How answers are generated: sampling, stops and the like, in no API's own words. Every API maps to it; what is null is left to the
/// checkpoint's <c>generation_config.json</c>, or is off.</summary>
internal sealed record GenerationSettings
{
    /// <summary>Divides the logits; 0 is greedy.</summary>
    public double? Temperature { get; init; }

    /// <summary>Only the smallest set of best tokens that reaches this probability.</summary>
    public double? TopP { get; init; }

    /// <summary>Only the k best tokens; 0 and less is off.</summary>
    public int? TopK { get; init; }

    /// <summary>Drops tokens below this share of the best one's probability.</summary>
    public double? MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens seen before.</summary>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Lowers tokens that were generated already.</summary>
    public double? PresencePenalty { get; init; }

    /// <summary>Lowers tokens by how often they were generated.</summary>
    public double? FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens.</summary>
    public IReadOnlyDictionary<int, double> LogitBias { get; init; } = ImmutableDictionary<int, double>.Empty;

    /// <summary>The same seed gives the same tokens.</summary>
    public long? Seed { get; init; }

    /// <summary>How many answers to give.</summary>
    public int NumSequences { get; init; } = 1;

    /// <summary>No end before this many tokens.</summary>
    public int MinTokens { get; init; }

    /// <summary>Texts that end the answer.</summary>
    public IReadOnlyList<string> StopTexts { get; init; } = [];

    /// <summary>Leave the text that ended the answer in it.</summary>
    public bool IncludesStopText { get; init; }

    /// <summary>More token ids that end the answer.</summary>
    public IReadOnlyList<int> StopTokenIds { get; init; } = [];

    /// <summary>Go on past the model's end tokens.</summary>
    public bool IgnoresEndTokens { get; init; }

    /// <summary>Leave control tokens out of the text.</summary>
    public bool SkipsSpecialTokens { get; init; } = true;

    /// <summary>Texts that must not be generated.</summary>
    public IReadOnlyList<string> BadWords { get; init; } = [];

    /// <summary>Only these tokens may be generated; empty allows all.</summary>
    public IReadOnlyList<int> AllowedTokenIds { get; init; } = [];

    /// <summary>Smaller is served sooner.</summary>
    public int Priority { get; init; }

    /// <summary>Cached prompts are shared only within one salt.</summary>
    public string? CacheSalt { get; init; }
}
