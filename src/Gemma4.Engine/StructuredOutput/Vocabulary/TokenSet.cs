using System.Numerics;

namespace Gemma4.Engine.StructuredOutput.Vocabulary;

/// <summary>An immutable set of token ids, kept as small as it can be: few ids as a list, many as bits, or both: a shared base and what is added.</summary>
internal sealed class TokenSet
{
    private readonly uint[]? _bits;
    private readonly int[] _added;
    private readonly int[] _removed;

    /// <param name="bits">Shared or own bits, not modified; null is none.</param>
    /// <param name="added">Further members.</param>
    /// <param name="removed">Members of <paramref name="bits"/> that are not meant.</param>
    public TokenSet(uint[]? bits, int[] added, int[] removed)
    {
        _bits = bits;
        _added = added;
        _removed = removed;
    }

    public bool IsEmpty => _added.Length == 0 && (_bits is null || CountBits() == _removed.Length);

    /// <summary>Overwrites <paramref name="mask"/> with this set.</summary>
    public void CopyTo(Span<uint> mask)
    {
        if (_bits is null)
            mask.Clear();
        else
            _bits.CopyTo(mask);
        foreach (int id in _removed)
            mask[id >> 5] &= ~(1u << (id & 31));
        foreach (int id in _added)
            mask[id >> 5] |= 1u << (id & 31);
    }

    /// <summary>Adds this set's members to <paramref name="mask"/>.</summary>
    public void AddTo(Span<uint> mask)
    {
        if (_bits is not null && _removed.Length == 0)
        {
            for (int i = 0; i < _bits.Length; i++)
                mask[i] |= _bits[i];
        }
        else if (_bits is not null)
        {
            uint[] own = [.. _bits];
            foreach (int id in _removed)
                own[id >> 5] &= ~(1u << (id & 31));
            for (int i = 0; i < own.Length; i++)
                mask[i] |= own[i];
        }
        foreach (int id in _added)
            mask[id >> 5] |= 1u << (id & 31);
    }

    private int CountBits() => _bits!.Sum(BitOperations.PopCount);
}
