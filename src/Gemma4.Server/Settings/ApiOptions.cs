using System.ComponentModel.DataAnnotations;

namespace Gemma4.Server.Settings;

/// <summary>What the API allows and how it fills what a request leaves open. Section <c>Api</c>.</summary>
internal sealed class ApiOptions : IValidatableObject
{
    public const string Section = "Api";

    /// <summary>Values of <c>reasoning_effort</c> that let the model think.</summary>
    private static readonly string[] Efforts = ["minimal", "low", "medium", "high", "xhigh", "max"];

    /// <summary>Refuse fields that nobody knows, as OpenAI does, instead of ignoring them.</summary>
    public bool StrictParams { get; set; }

    /// <summary>Largest <c>n</c>.</summary>
    [Range(1, 128)]
    public int MaxN { get; set; } = 128;

    /// <summary>Most entries of <c>stop</c>.</summary>
    [Range(1, 1024)]
    public int MaxStopStrings { get; set; } = 4;

    /// <summary>Most entries of <c>tools</c>.</summary>
    [Range(1, 4096)]
    public int MaxTools { get; set; } = 128;

    /// <summary>Most sequences of one request: its prompts times <c>n</c> or <c>best_of</c>.</summary>
    [Range(1, 16_384)]
    public int MaxSequencesPerRequest { get; set; } = 256;

    /// <summary>Most messages of one conversation: templates look from each at all later ones.</summary>
    [Range(1, 1_000_000)]
    public int MaxMessages { get; set; } = 2048;

    /// <summary>Most prompts of one <c>/v1/completions</c> request.</summary>
    [Range(1, 4096)]
    public int MaxPrompts { get; set; } = 128;

    /// <summary>Whether the model thinks when the request does not say.</summary>
    public bool ThinkByDefault { get; set; }

    /// <summary>Name of the field that carries thoughts: <c>reasoning_content</c> (what most clients read), <c>reasoning</c>, or <c>both</c>.</summary>
    [AllowedValues("reasoning_content", "reasoning", "both")]
    public string ReasoningField { get; set; } = "reasoning_content";

    /// <summary>White space in JSON that an answer is held to: <c>json</c> for what models write (at a place one blank, or one line break with
    /// indentation), <c>compact</c> for none, which takes fewer tokens and drives models off the path that they learned.</summary>
    [AllowedValues("json", "compact")]
    public string JsonWhitespace { get; set; } = "json";

    /// <summary>Thinking budget in tokens of each <c>reasoning_effort</c>; a level that is not listed has none.</summary>
    public Dictionary<string, int> ReasoningBudgets { get; set; } = new(StringComparer.Ordinal)
    {
        ["minimal"] = 256,
        ["low"] = 1024,
        ["medium"] = 4096,
        ["high"] = 16384,
    };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach ((string effort, int budget) in ReasoningBudgets)
        {
            if (!Efforts.Contains(effort))
                yield return new ValidationResult($"'{effort}' is no effort: {string.Join(", ", Efforts)} have budgets.", [nameof(ReasoningBudgets)]);
            else if (budget < 1)
                yield return new ValidationResult($"the budget of '{effort}' is {budget}; it must be at least 1 token.", [nameof(ReasoningBudgets)]);
        }
    }
}
