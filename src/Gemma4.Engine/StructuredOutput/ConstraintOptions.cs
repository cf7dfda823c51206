using System.Collections.Immutable;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>Choices that hold for all constraints of a server.</summary>
public sealed record ConstraintOptions
{
    /// <summary>Compiled grammars kept between requests; the one longest unused goes first.</summary>
    public int CacheSize { get; init; } = 64;

    /// <summary>Tokens that end a sequence (<c>generation_config.json</c> lists them); allowed only where a grammar may end. Empty takes
    /// <c>&lt;turn|&gt;</c> and <c>&lt;eos&gt;</c> from the tokenizer.</summary>
    public ImmutableArray<int> EndTokenIds { get; init; } = [];

    /// <summary>Constrained text that repeats itself over so many tokens, with a period of at most 32, ends, unless its grammar counts the
    /// repetitions (<c>minItems</c>, <c>maxLength</c>); 0 never ends it. A list of a hundred equal numbers is still possible, an endless one is not.</summary>
    public int LoopLimit { get; init; } = 400;

    /// <summary>In which order the declared properties of generated objects come.</summary>
    public PropertyOrder PropertyOrder { get; init; } = PropertyOrder.Schema;

    /// <summary>What a constraint may cost.</summary>
    public ConstraintLimits Limits { get; init; } = new();
}
