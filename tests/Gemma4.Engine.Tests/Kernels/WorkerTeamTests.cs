using Gemma4.Engine.Kernels;
using Xunit;

namespace Gemma4.Engine.Tests.Kernels;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_is_done_exactly_once(int threads)
    {
        using var team = new WorkerTeam(threads);
        for (int parts = 0; parts < 40; parts++)
        {
            int[] done = new int[parts];
            team.Run(parts, i => Interlocked.Increment(ref done[i]));
            Assert.All(done, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_fault_reaches_the_caller_and_the_team_serves_on()
    {
        using var team = new WorkerTeam(3);
        for (int round = 0; round < 20; round++)
        {
            Assert.ThrowsAny<Exception>(() => team.Run(10, i => _ = i == 4 ? throw new InvalidOperationException() : 0));
            int sum = 0;
            team.Run(10, i => Interlocked.Add(ref sum, i));
            Assert.Equal(45, sum);
        }
    }
}
