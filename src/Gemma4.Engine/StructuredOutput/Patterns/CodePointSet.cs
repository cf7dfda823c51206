namespace Gemma4.Engine.StructuredOutput.Patterns;

/// <summary>A set of Unicode code points without surrogates, as sorted ranges that do not touch.</summary>
internal sealed class CodePointSet : IEquatable<CodePointSet>
{
    private const int Max = 0x10FFFF;

    private CodePointSet(List<(int First, int Last)> sorted) => Ranges = sorted;

    public static CodePointSet All { get; } = Of((0, 0xD7FF), (0xE000, Max));

    public IReadOnlyList<(int First, int Last)> Ranges { get; }

    public bool IsEmpty => Ranges.Count == 0;

    public static CodePointSet Of(params IEnumerable<(int First, int Last)> ranges)
    {
        List<(int First, int Last)> result = [];
        foreach ((int first, int last) in ranges.OrderBy(r => r.First))
        {
            if (result.Count > 0 && first <= result[^1].Last + 1)
                result[^1] = (result[^1].First, Math.Max(result[^1].Last, last));
            else
                result.Add((first, last));
        }
        return new(result);
    }

    public static CodePointSet Of(int codePoint) => new([(codePoint, codePoint)]);

    public CodePointSet Union(CodePointSet other) => Of([.. Ranges, .. other.Ranges]);

    public CodePointSet Complement()
    {
        List<(int, int)> result = [];
        int next = 0;
        foreach ((int first, int last) in Ranges)
        {
            if (first > next)
                result.Add((next, first - 1));
            next = last + 1;
        }
        if (next <= Max)
            result.Add((next, Max));
        return new CodePointSet(result).Intersect(All);
    }

    public CodePointSet Intersect(CodePointSet other)
    {
        List<(int, int)> result = [];
        foreach ((int first, int last) in Ranges)
        {
            foreach ((int otherFirst, int otherLast) in other.Ranges)
            {
                if (otherFirst <= last && otherLast >= first)
                    result.Add((Math.Max(first, otherFirst), Math.Min(last, otherLast)));
            }
        }
        return new(result);
    }

    public bool Equals(CodePointSet? other) =>
        ReferenceEquals(this, other) || (other is not null && Ranges.Count == other.Ranges.Count && Ranges.SequenceEqual(other.Ranges));

    public override bool Equals(object? obj) => Equals(obj as CodePointSet);

    public override int GetHashCode()
    {
        HashCode hash = default;
        foreach ((int first, int last) in Ranges)
        {
            hash.Add(first);
            hash.Add(last);
        }
        return hash.ToHashCode();
    }

    public bool Contains(int codePoint) => Ranges.Any(r => r.First <= codePoint && codePoint <= r.Last);
}
