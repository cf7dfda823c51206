using Gemma4.Engine.Kernels.Panels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels.Panels;

public sealed unsafe class HugeArenaTests
{
    [Fact]
    public void Rooms_are_zeroed_aligned_and_apart()
    {
        using var arena = new HugeArena();
        long[] sizes = [1, 64, 65, 3 << 20, 200L << 20, 300L << 20, 100L << 20, 7];
        var rooms = new List<(nint First, long Bytes)>();
        foreach (long bytes in sizes)
        {
            byte* room = arena.Take(bytes);
            Assert.Equal(0, (nint)room % PanelLayout.LineBytes);
            foreach (long at in new[] { 0, bytes / 2, bytes - 1 })
                Assert.Equal(0, room[at]);
            room[0] = room[bytes / 2] = room[bytes - 1] = 0xFF;
            rooms.Add(((nint)room, bytes));
        }
        foreach ((nint first, long bytes) in rooms)
            Assert.DoesNotContain(rooms, other => other.First != first && other.First < first + bytes && first < other.First + other.Bytes);
    }

    [Fact]
    public void Nothing_is_not_handed_out()
    {
        using var arena = new HugeArena();
        Assert.Throws<ArgumentOutOfRangeException>(() => arena.Take(0));
    }
}
