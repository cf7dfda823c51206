using System.Collections.Immutable;

namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>A pattern as people write it, parsed. What is asked of a node again and again is worked out once, when it is made.</summary>
internal abstract class PatternNode
{
    private PatternNode()
    {
    }

    /// <summary>Holds an anchor or looks ahead, so that its meaning depends on what is around it.</summary>
    public bool DependsOnPlace { get; private init; }

    /// <summary>May match nothing.</summary>
    public bool IsNullable { get; private init; }

    /// <summary>The fewest characters it matches.</summary>
    public long MinLength { get; private init; }

    /// <summary>The most characters it matches.</summary>
    public long MaxLength { get; private init; }

    /// <summary>One character.</summary>
    public sealed class Set : PatternNode
    {
        public Set(CodePointSet members)
        {
            Members = members;
            (MinLength, MaxLength) = (1, 1);
        }

        public CodePointSet Members { get; }
    }

    /// <summary>One after the other.</summary>
    public sealed class Sequence : PatternNode
    {
        public Sequence(ImmutableArray<PatternNode> parts)
        {
            Parts = parts;
            DependsOnPlace = parts.Any(p => p.DependsOnPlace);
            IsNullable = parts.All(p => p.IsNullable);
            (MinLength, MaxLength) = (Bounded(parts.Sum(p => p.MinLength)), Bounded(parts.Sum(p => p.MaxLength)));
        }

        public ImmutableArray<PatternNode> Parts { get; }
    }

    /// <summary>One of them.</summary>
    public sealed class Choice : PatternNode
    {
        public Choice(ImmutableArray<PatternNode> options)
        {
            Options = options;
            DependsOnPlace = options.Any(p => p.DependsOnPlace);
            IsNullable = options.Any(p => p.IsNullable);
            (MinLength, MaxLength) = (options.Min(p => p.MinLength), options.Max(p => p.MaxLength));
        }

        public ImmutableArray<PatternNode> Options { get; }
    }

    /// <summary>So many times; int.MaxValue is without end.</summary>
    public sealed class Repeat : PatternNode
    {
        public Repeat(PatternNode part, int min, int max)
        {
            (Part, Min, Max) = (part, min, max);
            DependsOnPlace = part.DependsOnPlace;
            IsNullable = min == 0 || part.IsNullable;
            (MinLength, MaxLength) = (Bounded(part.MinLength * min), Bounded(part.MaxLength * max));
        }

        public PatternNode Part { get; }

        public int Min { get; }

        public int Max { get; }
    }

    /// <summary>The start of the text.</summary>
    public sealed class Start : PatternNode
    {
        public Start() => (DependsOnPlace, IsNullable) = (true, true);
    }

    /// <summary>The end of the text.</summary>
    public sealed class End : PatternNode
    {
        public End() => (DependsOnPlace, IsNullable) = (true, true);
    }

    /// <summary>What follows must, or must not, begin with this.</summary>
    public sealed class Ahead : PatternNode
    {
        public Ahead(PatternNode part, bool negative)
        {
            (Part, Negative) = (part, negative);
            (DependsOnPlace, IsNullable) = (true, true);
        }

        public PatternNode Part { get; }

        public bool Negative { get; }
    }

    private static long Bounded(long length) => Math.Min(length, int.MaxValue);
}
