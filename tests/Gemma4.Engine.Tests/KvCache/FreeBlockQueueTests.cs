using Gemma4.Engine.KvCache;
using Xunit;

namespace Gemma4.Engine.Tests.KvCache;

public sealed class FreeBlockQueueTests
{
    [Fact]
    public void Behaves_like_a_linked_list_whatever_is_done()
    {
        var random = new Random(1);
        var queue = new FreeBlockQueue(20);
        var expected = new LinkedList<int>(Enumerable.Range(0, 20));
        for (int i = 0; i < 10_000; i++)
        {
            var block = new BlockId(random.Next(20));
            Assert.Equal(expected.Contains(block.Value), queue.Contains(block));
            if (expected.Count > 0 && random.Next(3) == 0)
            {
                Assert.Equal(new BlockId(expected.First!.Value), queue.TakeFirst());
                expected.RemoveFirst();
            }
            else if (queue.Contains(block))
            {
                queue.Remove(block);
                expected.Remove(block.Value);
            }
            else if (random.Next(2) == 0)
            {
                queue.AddFirst(block);
                expected.AddFirst(block.Value);
            }
            else
            {
                queue.AddLast(block);
                expected.AddLast(block.Value);
            }
            Assert.Equal(expected.Count, queue.Count);
        }
    }
}
