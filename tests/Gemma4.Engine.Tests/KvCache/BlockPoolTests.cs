using Gemma4.Engine.KvCache;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class BlockPoolTests
{
    private static readonly BlockHash A = new(1);
    private static readonly BlockHash B = new(2);

    [Fact]
    public void Freed_block_is_found_until_it_is_taken()
    {
        var pool = new BlockPool(1);
        BlockId block = pool.Take();
        pool.Register(block, A);
        pool.Release(block);
        Assert.True(pool.TryFind(A, out BlockId found));
        Assert.Equal(block, found);
        pool.Take();
        Assert.False(pool.TryFind(A, out _));
    }

    [Fact]
    public void Least_recently_freed_content_goes_first_and_blocks_without_content_before_it()
    {
        var pool = new BlockPool(3);
        BlockId a = pool.Take();
        BlockId b = pool.Take();
        BlockId empty = pool.Take();
        pool.Register(a, A);
        pool.Register(b, B);
        pool.Release(b);
        pool.Release(a);
        pool.Release(empty);
        Assert.Equal([empty, b, a], [pool.Take(), pool.Take(), pool.Take()]);
    }

    [Fact]
    public void Found_block_is_shared_and_leaves_the_free_queue()
    {
        var pool = new BlockPool(2);
        BlockId block = pool.Take();
        pool.Register(block, A);
        pool.Share(block);
        Assert.Equal(2, pool.RefCount(block));
        pool.Release(block);
        pool.Release(block);
        Assert.Equal(2, pool.NumFree);
        pool.Share(block);
        Assert.Equal(1, pool.NumFree);
        Assert.NotEqual(block, pool.Take());
    }

    [Fact]
    public void Second_block_of_the_same_content_stays_private()
    {
        var pool = new BlockPool(2);
        BlockId first = pool.Take();
        BlockId second = pool.Take();
        pool.Register(first, A);
        pool.Register(second, A);
        Assert.Equal(BlockHash.None, pool.HashOf(second));
        Assert.True(pool.TryFind(A, out BlockId found));
        Assert.Equal(first, found);
    }
}
