using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

public sealed class BatchPacerTests
{
    private readonly BatchPacer _pacer = new();
    private TimeSpan _now = TimeSpan.FromSeconds(100);

    [Fact]
    public void Alone_a_batch_gets_all_and_behind_interactive_steps_it_pauses()
    {
        Assert.Equal(int.MaxValue, _pacer.Budget(_now).Alone);
        Step(20, interactive: 1);
        Assert.Equal(0, _pacer.Budget(_now).Alone);
        Assert.Equal(BatchPacer.Pause, _pacer.PauseLeft(_now));
        _now += BatchPacer.Caution;
        Assert.Equal(int.MaxValue, _pacer.Budget(_now).Alone);
        Step(20, batch: 8);
        Assert.Equal(int.MaxValue, _pacer.Budget(_now).Alone);
    }

    [Theory]
    [InlineData(4.9, 4)]
    [InlineData(0.99, 20)]
    [InlineData(35, 1)]     // one goes on whatever it takes
    public void For_a_minute_its_steps_are_at_most_twice_as_long_as_the_shortest(double millisecondsPerToken, int expected)
    {
        Step(20, interactive: 1);
        Step(60, interactive: 9);
        _now += BatchPacer.Pause;
        int most = 0;
        for (int i = 0; i < 50; i++)
        {
            most = Math.Min(_pacer.Budget(_now).Alone, 1000);
            Step(20 + millisecondsPerToken * most, batch: most);
        }
        Assert.Equal(expected, most);
        _now += BatchPacer.Caution;
        Assert.Equal(int.MaxValue, _pacer.Budget(_now).Alone);
    }

    [Fact]
    public void Before_it_is_known_what_a_step_takes_without_a_batch_none_is_beside()
    {
        Assert.Equal(0, _pacer.Budget(_now).Beside);
        Step(20, batch: 3);
        Assert.Equal(0, _pacer.Budget(_now).Beside);
        Step(20, interactive: 2);
        Assert.Equal(1, _pacer.Budget(_now).Beside);
    }

    [Theory]
    [InlineData(0.05, 40)]      // a card: 100 ms may become 110
    [InlineData(1, 10)]
    [InlineData(4, 2)]
    public void Beside_interactive_sequences_a_step_becomes_longer_by_a_tenth(double millisecondsPerToken, int expected)
    {
        Drive(100, millisecondsPerToken, steps: 200);
        int[] beside = Drive(100, millisecondsPerToken, steps: 64);
        if (expected == 40)
            Assert.True(beside.Max() >= expected, $"{beside.Max()}");
        else
            Assert.Equal(expected, beside.Max());
        Assert.Equal(0, beside.Min());      // rests, in which the time without is learned
        Assert.InRange(beside.Count(n => n == 0), 4, 8);
    }

    [Fact]
    public void Where_none_fits_one_is_tried_now_and_then()
    {
        Drive(100, 11, steps: 40);      // a mixture of experts on a processor reads other weights for each token
        Assert.InRange(Drive(100, 11, steps: 1024).Sum(), 1, 8);
        Drive(100, 1, steps: 8192);     // the machine has become fast
        Assert.InRange(Drive(100, 1, steps: 15).Max(), 5, 10);
    }

    [Fact]
    public void Each_number_of_interactive_tokens_has_its_own_time()
    {
        Drive(100, 2, steps: 100);
        Step(200, interactive: 5);
        int beside = _pacer.Budget(_now).Beside;
        Assert.InRange(beside, 5, 10);
        Step(300, interactive: 9, reads: true);         // a prompt beside: nothing is learned
        Assert.Equal(0, _pacer.Budget(_now).Beside);    // nine were never alone
    }

    /// <summary>Steps of one interactive token and as many of a batch as the budget says.</summary>
    private int[] Drive(double alone, double perToken, int steps)
    {
        var beside = new int[steps];
        for (int i = 0; i < steps; i++)
        {
            beside[i] = Math.Min(_pacer.Budget(_now).Beside, 64);
            Step(alone + perToken * beside[i], interactive: 1, batch: beside[i]);
        }
        return beside;
    }

    private void Step(double milliseconds, int interactive = 0, int batch = 0, bool reads = false)
    {
        _now += TimeSpan.FromMilliseconds(milliseconds);
        var sequences = new List<ScheduledSequence>();
        for (int i = 0; i < interactive + batch; i++)
        {
            var request = new GenerationRequest { Id = "r", PromptTokenIds = [1, 2, 3], Sampling = new SamplingParams(), IsBatch = i >= interactive };
            sequences.Add(new ScheduledSequence(new Sequence(new SequenceId(i), request, 0, 0), 2, 1, [], Samples: true));
        }
        if (reads)
            sequences.Add(new ScheduledSequence(new Sequence(new SequenceId(99), sequences[0].Sequence.Request, 0, 0), 0, 3, [], Samples: true));
        _pacer.Record(TimeSpan.FromMilliseconds(milliseconds), new StepPlan([.. sequences]), _now);
    }
}
