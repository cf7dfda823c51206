using Gemma4.Engine.Backends;
using Gemma4.Engine.Backends.Cpu;
using Xunit;

namespace Gemma4.Engine.Tests.Backends.Cpu;

public sealed class ThreadTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_part_is_done_exactly_once_and_no_two_workers_share_a_number(int threads)
    {
        using var team = new ThreadTeam(threads);
        for (int round = 0; round < 2000; round++)
        {
            var parts = new Counting(round % 40, threads);
            team.Run(round % 40, parts);
            Assert.All(parts.Done, count => Assert.Equal(1, count));
            Assert.False(parts.WorkersMet);
        }
    }

    /// <summary>A helper that looks at a run which is over while the next, larger one is being prepared must take no part of either.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    public void Runs_of_few_and_many_parts_in_turn_do_each_part_once(int threads)
    {
        using var team = new ThreadTeam(threads);
        Counting few = new(2, threads), many = new(64, threads);
        const int Rounds = 50_000;
        for (int round = 0; round < Rounds; round++)
        {
            team.Run(2, few);
            team.Run(64, many);
        }
        Assert.All(few.Done, count => Assert.Equal(Rounds, count));
        Assert.All(many.Done, count => Assert.Equal(Rounds, count));
    }

    [Fact]
    public void Helpers_that_sleep_wake_up()
    {
        using var team = new ThreadTeam(3);
        for (int round = 0; round < 20; round++)
        {
            var parts = new Counting(10, 3);
            team.Run(10, parts);
            Assert.All(parts.Done, count => Assert.Equal(1, count));
            Thread.Sleep(2);
        }
    }

    [Fact]
    public void A_fault_reaches_the_caller_and_the_team_serves_on()
    {
        using var team = new ThreadTeam(3);
        for (int round = 0; round < 20; round++)
        {
            Assert.ThrowsAny<Exception>(() => team.Run(10, new Faulty()));
            var parts = new Counting(10, 3);
            team.Run(10, parts);
            Assert.All(parts.Done, count => Assert.Equal(1, count));
        }
    }

    private sealed class Counting(int numParts, int workers) : IParts
    {
        private readonly int[] _busy = new int[workers];

        public int[] Done { get; } = new int[numParts];

        public bool WorkersMet { get; private set; }

        public void Run(int part, int worker)
        {
            WorkersMet |= Interlocked.Exchange(ref _busy[worker], 1) == 1;
            Interlocked.Increment(ref Done[part]);
            Volatile.Write(ref _busy[worker], 0);
        }
    }

    private sealed class Faulty : IParts
    {
        public void Run(int part, int worker) => _ = part == 4 ? throw new InvalidOperationException() : 0;
    }
}
