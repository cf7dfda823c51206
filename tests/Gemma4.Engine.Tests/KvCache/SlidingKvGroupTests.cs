using Gemma4.Engine.KvCache;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class SlidingKvGroupTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(5, 0)]
    [InlineData(8, 0)]
    [InlineData(9, 1)]
    [InlineData(13, 2)]
    public void A_token_needs_the_blocks_of_its_window(int position, int firstBlock) =>
        Assert.Equal(firstBlock, new SlidingKvGroup(window: 6, blockSize: 4, numBlocks: 1).FirstBlockNeeded(position));

    [Theory]
    [InlineData("......", 0)]
    [InlineData("xxxxxx", 6)]
    [InlineData("....xx", 6)]
    [InlineData("...x.x", 0)]
    [InlineData("..xx.x", 4)]
    [InlineData("x.....", 1)]
    [InlineData("xx.x.x", 2)]
    public void The_longest_hit_is_the_last_one_whose_window_is_whole(string cached, int hit)
    {
        var group = new SlidingKvGroup(window: 6, blockSize: 4, numBlocks: 6);
        BlockHash[] hashes = [.. Enumerable.Range(1, 6).Select(i => new BlockHash((UInt128)i))];
        for (int i = 0; i < 6; i++)
        {
            if (cached[i] == 'x')
                group.Pool.Register(group.Pool.Take(), hashes[i]);
        }
        Assert.Equal(hit, group.LongestHit(hashes, 6));
    }
}
