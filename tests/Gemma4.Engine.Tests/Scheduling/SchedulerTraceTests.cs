using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

/// <summary>Random traffic through tiny pools: whatever happens, every sequence gets the tokens it would have got alone.</summary>
public sealed class SchedulerTraceTests
{
    /// <summary>Traces of 100 requests or more each; together over 10,000 sequences.</summary>
    private const int NumTraces = 80, NumTracesWithDrafts = 20;

    [Fact]
    public void Every_sequence_of_random_traffic_gets_the_tokens_it_would_get_alone()
    {
        SchedulerTrace.Totals totals = new();
        for (int seed = 0; seed < NumTraces; seed++)
            RunNaming(seed, totals);

        // The traces are only worth something if they went through all of this.
        Assert.True(totals.Sequences >= 10_000, totals.ToString());
        Assert.True(totals.Preemptions >= 1_000, totals.ToString());
        Assert.True(totals.CachedTokens >= 10_000, totals.ToString());
        Assert.True(totals.Aborts >= 500, totals.ToString());
        Assert.True(totals.Faults >= 100, totals.ToString());
        Assert.True(totals.MediaFaults >= 20, totals.ToString());
        Assert.True(totals.MediaItems >= 1_000, totals.ToString());
        Assert.True(totals.ReleasedWindowBlocks >= 1_000, totals.ToString());
        Assert.True(totals.MaskJobs >= 1_000, totals.ToString());
        Assert.True(totals.BatchTokens >= 10_000, totals.ToString());
        Assert.True(totals.BatchTokensBeside >= 1_000, totals.ToString());
        Assert.True(totals.HeldSteps >= 100, totals.ToString());
        TestContext.Current.TestOutputHelper?.WriteLine(totals.ToString());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    [InlineData(1)]
    public void So_does_every_sequence_whose_next_tokens_are_guessed(double rightness)
    {
        SchedulerTrace.Totals totals = new();
        for (int seed = 1000; seed < 1000 + NumTracesWithDrafts; seed++)
            RunNaming(seed, totals, rightness);

        Assert.True(totals.Sequences >= 2_000, totals.ToString());
        Assert.True(totals.Preemptions >= 200, totals.ToString());
        Assert.True(totals.CachedTokens >= 2_000, totals.ToString());
        Assert.True(totals.Drafts >= 5_000, totals.ToString());
        // What is behind a wrong guess is lost with it, so fewer are confirmed than are right. Constraints cut wrong guesses before they count.
        Assert.InRange(totals.Confirmed, rightness * rightness * totals.Drafts / 3, rightness * totals.Drafts * 1.2);
        TestContext.Current.TestOutputHelper?.WriteLine(totals.ToString());
    }

    private static void RunNaming(int seed, SchedulerTrace.Totals totals, double? rightness = null)
    {
        try
        {
            new SchedulerTrace(seed, totals, rightness).Run();
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"the trace of seed {seed} failed: {e.Message}", e);
        }
    }

    [Fact]
    public void Same_calls_make_the_same_plans()
    {
        SchedulerTrace first = new(3, new SchedulerTrace.Totals());
        SchedulerTrace second = new(3, new SchedulerTrace.Totals());
        first.Run();
        second.Run();
        Assert.Equal(first.PlanHash, second.PlanHash);
    }
}
