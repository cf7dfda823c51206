using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Gemma4.Engine.KvCache;

/// <summary>The hashes of a sequence's full blocks, each chained to the one before; grows with the sequence.</summary>
/// <remarks>
/// SHA-256, because a collision would hand one user's context to another, and tokens are what the user chooses. It costs a few
/// microseconds a block, for prompts on the task of the request (measured in docs/kv-cache.md). The chain begins at a root, so that no hash under one root is
/// one under another.
/// </remarks>
internal sealed class BlockHashChain
{
    private readonly int _blockSize;
    private readonly KeyedSpan[] _spans;
    private readonly List<BlockHash> _hashes;
    private readonly BlockHash _root;
    private int _firstOpenSpan;

    /// <summary>A chain without blocks.</summary>
    /// <param name="blockSize">Positions in a block.</param>
    /// <param name="root">Chains meet only under equal roots.</param>
    /// <param name="spans">In order, not overlapping.</param>
    public BlockHashChain(int blockSize, ReadOnlySpan<byte> root, KeyedSpan[] spans)
    {
        _blockSize = blockSize;
        _spans = spans;
        _hashes = [];
        _root = Truncate(SHA256.HashData(root));
    }

    /// <summary>A copy that grows on its own.</summary>
    public BlockHashChain(BlockHashChain other)
    {
        _blockSize = other._blockSize;
        _spans = other._spans;
        _hashes = [.. other._hashes];
        _root = other._root;
        _firstOpenSpan = other._firstOpenSpan;
    }

    /// <summary>One hash a full block. Valid until the next <see cref="Extend"/>.</summary>
    public ReadOnlySpan<BlockHash> Hashes => CollectionsMarshal.AsSpan(_hashes);

    /// <summary>Hashes the blocks that <paramref name="tokenIds"/> fill and that are not hashed yet.</summary>
    /// <param name="tokenIds">The sequence's tokens from its first on.</param>
    public void Extend(ReadOnlySpan<int> tokenIds)
    {
        for (int first = _hashes.Count * _blockSize; first + _blockSize <= tokenIds.Length; first += _blockSize)
            _hashes.Add(Next(tokenIds.Slice(first, _blockSize), first));
    }

    private BlockHash Next(ReadOnlySpan<int> tokenIds, int firstPosition)
    {
        int end = firstPosition + _blockSize;
        while (_firstOpenSpan < _spans.Length && _spans[_firstOpenSpan].End <= firstPosition)
            _firstOpenSpan++;
        int lastSpan = _firstOpenSpan;
        while (lastSpan < _spans.Length && _spans[lastSpan].FirstPosition < end)
            lastSpan++;

        const int spanBytes = 24;
        int length = 16 + (tokenIds.Length * 4) + ((lastSpan - _firstOpenSpan) * spanBytes);
        Span<byte> input = length <= 2048 ? stackalloc byte[2048] : new byte[length];
        input = input[..length];
        BinaryPrimitives.WriteUInt128LittleEndian(input, (_hashes.Count == 0 ? _root : _hashes[^1]).Value);
        Span<byte> rest = input[16..];
        foreach (int tokenId in tokenIds)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, tokenId);
            rest = rest[4..];
        }
        for (int i = _firstOpenSpan; i < lastSpan; i++)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, _spans[i].FirstPosition - firstPosition);
            BinaryPrimitives.WriteInt32LittleEndian(rest[4..], _spans[i].NumPositions);
            BinaryPrimitives.WriteUInt128LittleEndian(rest[8..], _spans[i].ContentHash);
            rest = rest[spanBytes..];
        }
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(input, digest);
        return Truncate(digest);
    }

    private static BlockHash Truncate(ReadOnlySpan<byte> digest) => new(BinaryPrimitives.ReadUInt128LittleEndian(digest));
}
