namespace Gemma4.Engine.Chat;

/// <summary>How much one rendering may cost. A template that wants more ends in an error of kind <see cref="ChatTemplateErrorKind.Limit"/>.</summary>
public sealed record ChatTemplateLimits
{
    /// <summary>Generous for real conversations; a template without end takes some ten seconds to reach them.</summary>
    public static ChatTemplateLimits Default { get; } = new();

    /// <summary>What a conversation of one word may cost, tried once when a checkpoint is loaded: half a second. The released templates take some hundred steps.</summary>
    internal static ChatTemplateLimits Trial { get; } = new() { MaxSteps = 5_000_000, MaxCharacters = 4_000_000, MaxTextLength = 1_000_000 };

    /// <summary>Expressions and statements evaluated, plus a share for the text each one reads.</summary>
    /// <remarks>The released templates look from every message at all later ones: 5,000 messages cost up to 100 million steps, and 60 million
    /// of the characters below.</remarks>
    public long MaxSteps { get; init; } = 100_000_000;

    /// <summary>Characters written anywhere: the output, captured blocks, every intermediate text. Bounds memory, so a place in a list
    /// counts as four, and a text or list as 48 more than it has.</summary>
    public long MaxCharacters { get; init; } = 128_000_000;

    /// <summary>Characters in any one text, the output included; values in any one list.</summary>
    public int MaxTextLength { get; init; } = 32_000_000;

    /// <summary>Macros and loops called inside one another.</summary>
    public int MaxCallDepth { get; init; } = 200;
}
