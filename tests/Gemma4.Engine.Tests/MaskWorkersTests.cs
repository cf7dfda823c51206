using System.Diagnostics;
using System.Globalization;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

public sealed class MaskWorkersTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    [Fact]
    public void Job_that_blocks_delays_no_other()
    {
        using var done = new SemaphoreSlim(0);
        using var workers = new MaskWorkers(4, _ => done.Release());
        var blocked = new GatedConstraint();
        workers.Begin(JobOf(blocked));
        Assert.True(blocked.Reached.Wait(Limit, TestContext.Current.CancellationToken));
        for (int i = 0; i < 100; i++)
        {
            workers.Begin(JobOf(new FreeConstraint()));
            Assert.True(done.Wait(Limit, TestContext.Current.CancellationToken));
        }
        Assert.InRange(workers.NumThreads, 2, 4);
        blocked.Gate.Set();
        Assert.True(done.Wait(Limit, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Jobs_beyond_the_bound_wait_for_a_thread()
    {
        using var done = new SemaphoreSlim(0);
        using var workers = new MaskWorkers(1, _ => done.Release());
        var blocked = new GatedConstraint();
        workers.Begin(JobOf(blocked));
        workers.Begin(JobOf(new FreeConstraint()));
        Assert.True(blocked.Reached.Wait(Limit, TestContext.Current.CancellationToken));
        Assert.Equal((1, 0), (workers.NumThreads, done.CurrentCount));
        blocked.Gate.Set();
        Assert.True(done.Wait(Limit, TestContext.Current.CancellationToken));
        Assert.True(done.Wait(Limit, TestContext.Current.CancellationToken));
        Assert.Equal(1, workers.NumThreads);
    }

    [Fact]
    public void Round_is_waited_for_until_its_jobs_are_done_and_a_job_that_takes_long_no_second_time()
    {
        using var workers = new MaskWorkers(4, _ => { });
        MaskJob quick = JobOf(new FreeConstraint(), tokenId: 1);
        workers.Begin(quick);
        workers.WaitForRound(Limit);
        Assert.Equal(AcceptResult.Complete, quick.Accepted);

        var blocked = new GatedConstraint();
        workers.Begin(JobOf(blocked));
        workers.WaitForRound(TimeSpan.FromMilliseconds(1));
        var waited = Stopwatch.StartNew();
        workers.WaitForRound(Limit);
        Assert.InRange(waited.Elapsed, TimeSpan.Zero, Limit / 2);
        blocked.Gate.Set();
    }

    [Fact]
    public void Fault_is_kept_with_the_job()
    {
        MaskJob job = JobOf(new GatedConstraint { Fault = new InvalidOperationException("injected") });
        job.Run();
        Assert.Equal("injected", job.Fault!.Message);
    }

    [Fact]
    public void Cancelled_job_does_not_call_its_constraint()
    {
        var constraint = new GatedConstraint();
        MaskJob job = JobOf(constraint);
        job.Cancel();
        job.Run();
        Assert.Equal(0, constraint.Reached.CurrentCount);
    }

    [Fact]
    public async Task Threads_end_when_disposed_and_one_that_is_at_work_is_not_waited_for()
    {
        using var done = new SemaphoreSlim(0);
        var workers = new MaskWorkers(2, _ => done.Release());
        var blocked = new GatedConstraint();
        workers.Begin(JobOf(blocked));
        workers.Begin(JobOf(new FreeConstraint()));
        Assert.True(await done.WaitAsync(Limit, TestContext.Current.CancellationToken));
        workers.Dispose();
        blocked.Gate.Set();
        for (int i = 0; workers.NumThreads > 0; i++)
        {
            Assert.True(i < 3000, "a thread does not end");
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public void On_Linux_the_threads_are_as_nice_as_can_be()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "niceness is each thread's own on Linux alone");
        using var done = new SemaphoreSlim(0);
        using var workers = new MaskWorkers(1, _ => done.Release());
        var constraint = new NicenessConstraint();
        workers.Begin(JobOf(constraint));
        Assert.True(done.Wait(Limit, TestContext.Current.CancellationToken));
        Assert.Equal(Niceness.Highest, constraint.Seen);
    }

    private static MaskJob JobOf(ITokenConstraint constraint, int? tokenId = null)
    {
        GenerationRequest request = LedgerEngine.Request([1], maxTokens: 1) with { Constraint = new Source(constraint) };
        return new MaskJob(new Sequence(new SequenceId(0), request, 0, 0), tokenId, new uint[4]);
    }

    private sealed class Source(ITokenConstraint constraint) : ITokenConstraintSource
    {
        public ITokenConstraint Create() => constraint;
    }

    private sealed class FreeConstraint : ITokenConstraint
    {
        public MaskResult FillMask(Span<uint> mask, bool mayCompute) => MaskResult.Unmasked;

        public AcceptResult Accept(int tokenId, bool mayCompute) => AcceptResult.Complete;

        public void Rollback(int numTokens) => throw new NotSupportedException("nothing is drafted");
    }

    private sealed class NicenessConstraint : ITokenConstraint
    {
        public int Seen { get; private set; }

        public MaskResult FillMask(Span<uint> mask, bool mayCompute)
        {
            // The 19th field; the second, a name in brackets, may hold spaces.
            string stat = File.ReadAllText("/proc/thread-self/stat");
            Seen = int.Parse(stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[16], CultureInfo.InvariantCulture);
            return MaskResult.Unmasked;
        }

        public AcceptResult Accept(int tokenId, bool mayCompute) => AcceptResult.GoesOn;

        public void Rollback(int numTokens) => throw new NotSupportedException("nothing is drafted");
    }
}
