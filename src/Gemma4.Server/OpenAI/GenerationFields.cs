using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using Gemma4.Server.Wire;

namespace Gemma4.Server.OpenAI;

/// <summary>The fields about sampling that chat and text completions share, OpenAI's and the extensions users of other servers send.</summary>
internal abstract record GenerationFields : IIgnoresFields
{
    /// <inheritdoc/>
    (string Field, string Reason)? IIgnoresFields.Ignored => User is { Name: null } ? ("user", "it is an object, not a string") : null;

    /// <summary>Divides the logits; 0 is greedy. Default: the checkpoint's <c>generation_config.json</c>.</summary>
    [Range(0.0, 2.0)]
    public double? Temperature { get; init; }

    /// <summary>Only the smallest set of best tokens that reaches this probability; 0 keeps the best token only. Default: the checkpoint's.</summary>
    [Range(0.0, 1.0)]
    public double? TopP { get; init; }

    /// <summary>How many answers to give.</summary>
    [Range(1, 128), DefaultValue(1)]
    public int? N { get; init; }

    /// <summary>Answer as server-sent events.</summary>
    [DefaultValue(false)]
    public bool? Stream { get; init; }

    /// <summary>Only with <c>stream</c>.</summary>
    public StreamOptions? StreamOptions { get; init; }

    /// <summary>Up to four texts that end the answer and are not part of it.</summary>
    public StopSequences? Stop { get; init; }

    /// <summary>Lowers tokens that were generated already.</summary>
    [Range(-2.0, 2.0), DefaultValue(0.0)]
    public double? PresencePenalty { get; init; }

    /// <summary>Lowers tokens by how often they were generated.</summary>
    [Range(-2.0, 2.0), DefaultValue(0.0)]
    public double? FrequencyPenalty { get; init; }

    /// <summary>Added to the logits of single tokens: token id to a number from -100 to 100.</summary>
    [MaxLength(1024)]
    public Dictionary<string, double>? LogitBias { get; init; }

    /// <summary>The same seed, <c>system_fingerprint</c> and fields give the same tokens.</summary>
    public long? Seed { get; init; }

    /// <summary>The caller's own name for its user; not used.</summary>
    public EndUser? User { get; init; }

    /// <summary>Extension: only the k best tokens; 0 is off. Default: the checkpoint's.</summary>
    [Range(-1, int.MaxValue)]
    public int? TopK { get; init; }

    /// <summary>Extension: drop tokens below this share of the best one's probability.</summary>
    [Range(0.0, 1.0)]
    public double? MinP { get; init; }

    /// <summary>Extension: divides positive and multiplies negative logits of tokens seen before; 1 is off.</summary>
    [Range(0.01, 100.0)]
    public double? RepetitionPenalty { get; init; }

    /// <summary>Extension: no end before this many tokens.</summary>
    [Range(0, int.MaxValue)]
    public int? MinTokens { get; init; }

    /// <summary>Extension: go on past the model's end tokens.</summary>
    public bool? IgnoreEos { get; init; }

    /// <summary>Extension: more token ids that end the answer.</summary>
    [MaxLength(1024)]
    public int[]? StopTokenIds { get; init; }

    /// <summary>Extension: leave the matched stop text in the answer.</summary>
    public bool? IncludeStopStrInOutput { get; init; }

    /// <summary>Extension: <c>false</c> leaves control tokens in the text.</summary>
    public bool? SkipSpecialTokens { get; init; }

    /// <summary>Extension: texts that must not be generated.</summary>
    [MaxLength(1024)]
    public string[]? BadWords { get; init; }

    /// <summary>Extension: only these tokens may be generated.</summary>
    [MinLength(1)]
    public int[]? AllowedTokenIds { get; init; }

    /// <summary>Extension: what the answer must look like.</summary>
    public StructuredOutputs? StructuredOutputs { get; init; }

    /// <summary>Extension, older name of <c>structured_outputs.json</c>.</summary>
    public System.Text.Json.JsonElement? GuidedJson { get; init; }

    /// <summary>Extension, older name of <c>structured_outputs.regex</c>.</summary>
    public string? GuidedRegex { get; init; }

    /// <summary>Extension, older name of <c>structured_outputs.choice</c>.</summary>
    [MinLength(1)]
    public string[]? GuidedChoice { get; init; }

    /// <summary>Extension, older name of <c>structured_outputs.grammar</c>.</summary>
    public string? GuidedGrammar { get; init; }

    /// <summary>Extension: smaller is served sooner.</summary>
    public int? Priority { get; init; }

    /// <summary>Extension: cached prompts are shared only within one salt.</summary>
    [MinLength(1)]
    public string? CacheSalt { get; init; }

    /// <summary>Extension: give the token ids of prompt and answer too.</summary>
    public bool? ReturnTokenIds { get; init; }
}
