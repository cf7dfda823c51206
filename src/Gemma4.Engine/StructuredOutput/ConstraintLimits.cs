using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.StructuredOutput.Automata;

namespace Gemma4.Engine.StructuredOutput;

/// <summary>What the schemas, patterns and grammars that requests bring may cost. They are hostile until bounded.</summary>
/// <remarks>Lengths are checked before anything is read. Past a limit of work, time or memory a constraint is refused as too complex while
/// it is compiled; once its answer is being written, that answer ends with an error. Figures: docs/security.md.</remarks>
public sealed class ConstraintLimits
{
    /// <summary>Characters of one pattern, in a schema or alone.</summary>
    [Range(1, 1 << 20)]
    public int MaxPatternLength { get; set; } = 8192;

    /// <summary>Characters of one grammar.</summary>
    [Range(1, 1 << 24)]
    public int MaxGrammarLength { get; set; } = 65_536;

    /// <summary>Bytes of one JSON schema as it was sent, and of all texts of a list of choices.</summary>
    [Range(1, 1 << 26)]
    public int MaxSchemaBytes { get; set; } = 262_144;

    /// <summary>Values of one <c>enum</c>, and of a list of choices.</summary>
    [Range(1, 1 << 20)]
    public int MaxEnumValues { get; set; } = 10_000;

    /// <summary>Processor time to compile one constraint, in seconds.</summary>
    [Range(0.001, 3600)]
    public double CompileSeconds { get; set; } = 2;

    /// <summary>Steps to compile one constraint: nodes, states and list entries made or walked.</summary>
    [Range(1000, long.MaxValue)]
    public long CompileSteps { get; set; } = 50_000_000;

    /// <summary>Processor time to make one mask, in seconds.</summary>
    [Range(0.001, 3600)]
    public double MaskSeconds { get; set; } = 0.5;

    /// <summary>Steps to make one mask.</summary>
    [Range(1000, long.MaxValue)]
    public long MaskSteps { get; set; } = 10_000_000;

    /// <summary>Megabytes that one constraint may take while it is compiled or a mask is made. Between masks it gives back what is more than
    /// a quarter of this.</summary>
    [Range(1, 1 << 20)]
    public int MaxMegabytes { get; set; } = 128;

    /// <summary>Megabytes of all constraints that are kept or in use; past that new ones are refused as busy.</summary>
    [Range(1, 1 << 20)]
    public int MaxTotalMegabytes { get; set; } = 1024;

    /// <summary>Megabytes of the compiled constraints that are kept between requests; those longest unused go first.</summary>
    [Range(0, 1 << 20)]
    public int CacheMegabytes { get; set; } = 256;

    /// <summary>Constraints compiled at the same time, each on a thread that gives way to those that write answers.</summary>
    [Range(1, 64)]
    public int CompileThreads { get; set; } = 1;

    /// <summary>Constraints that may wait to be compiled; more are refused as busy.</summary>
    [Range(1, 1 << 20)]
    public int MaxQueuedCompiles { get; set; } = 64;

    /// <exception cref="ConstraintTooComplexException">The pattern is too long.</exception>
    internal void CheckPattern(string path, string pattern) =>
        Check(path, "characters of a pattern", pattern.Length, MaxPatternLength, nameof(MaxPatternLength));

    /// <exception cref="ConstraintTooComplexException"><paramref name="count"/> is above <paramref name="limit"/>.</exception>
    internal static void Check(string path, string what, int count, int limit, string option)
    {
        if (count > limit)
            throw new ConstraintTooComplexException(path, $"{count:N0} {what} are more than the {limit:N0} that this server allows (Constraints:{option})");
    }

    internal WorkLimits Compile => new(CompileSteps, TimeSpan.FromSeconds(CompileSeconds), Bytes);

    internal WorkLimits Mask => new(MaskSteps, TimeSpan.FromSeconds(MaskSeconds), Bytes);

    /// <summary>A compiled constraint that keeps more than this between masks forgets what it has found out.</summary>
    internal long BytesBetweenMasks => Bytes / 4;

    private long Bytes => (long)MaxMegabytes << 20;
}
