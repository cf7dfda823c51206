using System.Collections.Immutable;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>A pattern as people write it, parsed.</summary>
internal abstract record PatternNode
{
    private PatternNode()
    {
    }

    /// <summary>One character.</summary>
    public sealed record Set(CodePointSet Members) : PatternNode;

    /// <summary>One after the other.</summary>
    public sealed record Sequence(ImmutableArray<PatternNode> Parts) : PatternNode;

    /// <summary>One of them.</summary>
    public sealed record Choice(ImmutableArray<PatternNode> Options) : PatternNode;

    /// <summary>So many times; int.MaxValue is without end.</summary>
    public sealed record Repeat(PatternNode Part, int Min, int Max) : PatternNode;

    /// <summary>The start of the text.</summary>
    public sealed record Start : PatternNode;

    /// <summary>The end of the text.</summary>
    public sealed record End : PatternNode;

    /// <summary>What follows must, or must not, begin with this.</summary>
    public sealed record Ahead(PatternNode Part, bool Negative) : PatternNode;

    /// <summary>Holds an anchor or looks ahead, so that its meaning depends on what is around it.</summary>
    public bool DependsOnPlace => this switch
    {
        Set => false,
        Sequence s => s.Parts.Any(p => p.DependsOnPlace),
        Choice c => c.Options.Any(p => p.DependsOnPlace),
        Repeat r => r.Part.DependsOnPlace,
        _ => true,
    };

    /// <summary>May match nothing.</summary>
    public bool IsNullable => this switch
    {
        Set => false,
        Sequence s => s.Parts.All(p => p.IsNullable),
        Choice c => c.Options.Any(p => p.IsNullable),
        Repeat r => r.Min == 0 || r.Part.IsNullable,
        _ => true,
    };

    /// <summary>The fewest and the most characters it matches.</summary>
    public (long Min, long Max) Length()
    {
        switch (this)
        {
            case Set:
                return (1, 1);
            case Sequence s:
                long min = 0, max = 0;
                foreach (PatternNode part in s.Parts)
                {
                    (long a, long b) = part.Length();
                    min += a;
                    max = Math.Min(max + b, int.MaxValue);
                }
                return (min, max);
            case Choice c:
                return (c.Options.Min(o => o.Length().Min), c.Options.Max(o => o.Length().Max));
            case Repeat r:
                (long low, long high) = r.Part.Length();
                return (Math.Min(low * r.Min, int.MaxValue), high == 0 ? 0 : Math.Min(high * r.Max, int.MaxValue));
            default:
                return (0, 0);
        }
    }
}
