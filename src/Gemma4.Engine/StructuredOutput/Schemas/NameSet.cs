using System.Numerics;

namespace Gemma4.Engine.StructuredOutput.Schemas;

/// <summary>An immutable set of small indices.</summary>
internal readonly struct NameSet : IEquatable<NameSet>
{
    private readonly ulong _low;
    private readonly ulong[]? _high;

    private NameSet(ulong low, ulong[]? high)
    {
        _low = low;
        _high = high;
    }

    public bool Contains(int index) =>
        index < 64 ? (_low >> index & 1) != 0 : _high is not null && index / 64 - 1 < _high.Length && (_high[index / 64 - 1] >> (index & 63) & 1) != 0;

    public int Count
    {
        get
        {
            int count = BitOperations.PopCount(_low);
            foreach (ulong word in _high ?? [])
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    public NameSet With(int index)
    {
        if (index < 64)
            return new(_low | 1UL << index, _high);
        int word = index / 64 - 1;
        ulong[] high = new ulong[Math.Max(word + 1, _high?.Length ?? 0)];
        _high?.CopyTo(high, 0);
        high[word] |= 1UL << (index & 63);
        return new(_low, high);
    }

    public bool Equals(NameSet other) => _low == other._low && (_high ?? []).AsSpan().SequenceEqual(other._high ?? []);

    public override bool Equals(object? obj) => obj is NameSet other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.Add(_low);
        foreach (ulong word in _high ?? [])
            hash.Add(word);
        return hash.ToHashCode();
    }
}
