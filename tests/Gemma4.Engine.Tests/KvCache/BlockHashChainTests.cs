using Gemma4.Engine.KvCache;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class BlockHashChainTests
{
    private static readonly int[] Tokens = [.. Enumerable.Range(0, 16)];

    [Fact]
    public void Only_full_blocks_are_hashed_and_any_split_gives_the_same()
    {
        BlockHashChain whole = Chain([0], [], Tokens);
        BlockHashChain pieces = Chain([0], [], Tokens.AsSpan(0, 3));
        for (int n = 4; n <= 16; n++)
            pieces.Extend(Tokens.AsSpan(0, n));
        Assert.Equal(4, whole.Hashes.Length);
        Assert.Equal(whole.Hashes, pieces.Hashes);
        Assert.Equal(3, Chain([0], [], Tokens.AsSpan(0, 15)).Hashes.Length);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, 0)]
    [InlineData(4, 1)]
    [InlineData(15, 3)]
    public void Another_token_changes_its_block_and_all_after(int position, int firstChanged)
    {
        int[] other = [.. Tokens];
        other[position] = 99;
        AssertDifferFrom(firstChanged, Chain([0], [], Tokens), Chain([0], [], other));
    }

    [Fact]
    public void Another_root_changes_all() => AssertDifferFrom(0, Chain([0], [], Tokens), Chain([1], [], Tokens));

    [Fact]
    public void Another_image_changes_every_block_it_touches_and_all_after()
    {
        // Positions 6 to 9: blocks 1 and 2.
        BlockHashChain cat = Chain([0], [new KeyedSpan(6, 4, 1)], Tokens);
        AssertDifferFrom(1, cat, Chain([0], [new KeyedSpan(6, 4, 2)], Tokens));
        AssertDifferFrom(1, cat, Chain([0], [new KeyedSpan(5, 4, 1)], Tokens));
        AssertDifferFrom(1, cat, Chain([0], [], Tokens));
        Assert.Equal(cat.Hashes, Chain([0], [new KeyedSpan(6, 4, 1)], Tokens).Hashes);
    }

    [Fact]
    public void Copy_grows_on_its_own()
    {
        BlockHashChain chain = Chain([0], [], Tokens);
        var copy = new BlockHashChain(chain);
        copy.Extend([.. Tokens, 1, 2, 3, 4]);
        chain.Extend([.. Tokens, 5, 6, 7, 8]);
        AssertDifferFrom(4, chain, copy);
    }

    private static BlockHashChain Chain(ReadOnlySpan<byte> root, KeyedSpan[] spans, ReadOnlySpan<int> tokenIds)
    {
        var chain = new BlockHashChain(4, root, spans);
        chain.Extend(tokenIds);
        return chain;
    }

    private static void AssertDifferFrom(int first, BlockHashChain a, BlockHashChain b)
    {
        Assert.Equal(a.Hashes.Length, b.Hashes.Length);
        for (int i = 0; i < a.Hashes.Length; i++)
            Assert.Equal(i < first, a.Hashes[i] == b.Hashes[i]);
    }
}
