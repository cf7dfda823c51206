using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

public sealed class PromptPacerTests
{
    private readonly PromptPacer _pacer = new(TimeSpan.FromMilliseconds(100));

    [Fact]
    public void The_first_piece_is_small_whatever_the_machine() => Assert.Equal(new PromptBudget(64, 64), _pacer.Budget);

    [Fact]
    public void Prompts_get_what_next_tokens_leave_of_the_target()
    {
        _pacer.Record(Milliseconds(20), Plan(next: 4));
        _pacer.Record(Milliseconds(200), Plan(prompt: 800));       // a quarter of a millisecond each
        Assert.Equal(new PromptBudget(320, 4000), _pacer.Budget);
    }

    [Fact]
    public void On_a_slow_machine_prompts_get_as_much_time_as_next_tokens()
    {
        _pacer.Record(Milliseconds(2400), Plan(next: 1));
        _pacer.Record(Milliseconds(8400), Plan(next: 1, prompt: 200));   // 30 ms each beside the next token
        Assert.Equal(new PromptBudget(80, 33), _pacer.Budget);
    }

    [Fact]
    public void Pieces_never_become_tiny()
    {
        _pacer.Record(Milliseconds(10), Plan(next: 1));
        _pacer.Record(Milliseconds(100_000), Plan(prompt: 100));
        Assert.Equal(new PromptBudget(16, 16), _pacer.Budget);
    }

    [Fact]
    public void A_slow_first_step_is_soon_forgotten()
    {
        _pacer.Record(Milliseconds(4000), Plan(prompt: 40));       // code is compiled, pages are read
        _pacer.Record(Milliseconds(4), Plan(prompt: 16));
        Assert.Equal(new PromptBudget(400, 4000), _pacer.Budget);
        _pacer.Record(Milliseconds(40), Plan(prompt: 16));         // one that was disturbed weighs little
        Assert.InRange(_pacer.Budget.BesideText, 100, 120);
    }

    [Fact]
    public void A_crowd_that_has_gone_leaves_no_estimate_behind()
    {
        _pacer.Record(Milliseconds(33), Plan(next: 8));            // many waited for their next tokens
        _pacer.Record(Milliseconds(83), Plan(next: 8, prompt: 1000));
        _pacer.Record(Milliseconds(25), Plan(next: 1, prompt: 300));   // few do, and every step reads a prompt
        _pacer.Record(Milliseconds(25), Plan(next: 1, prompt: 300));
        Assert.InRange(_pacer.Budget.BesideText, 1000, 4000);
    }

    [Fact]
    public void Tokens_behind_a_next_one_are_no_prompt_and_a_single_token_of_a_prompt_is()
    {
        _pacer.Record(Milliseconds(20), Plan(next: 4, drafts: 7));
        Assert.Equal(new PromptBudget(64, 64), _pacer.Budget);     // no prompt was read yet
        _pacer.Record(Milliseconds(400), Plan(prompt: 1));         // too few to learn from, and nobody's next token
        _pacer.Record(Milliseconds(200), Plan(prompt: 800));
        Assert.Equal(new PromptBudget(320, 4000), _pacer.Budget);
    }

    private static TimeSpan Milliseconds(double value) => TimeSpan.FromMilliseconds(value);

    private static StepPlan Plan(int next = 0, int prompt = 0, int drafts = 0)
    {
        var plan = new KvCachePlan(16, [new KvGroupSpec(null, 1)], [1000]);
        var factory = new SequenceFactory(plan, new SchedulerLimits(8, 4096, 280, 4096, MediaIsBidirectional: false), sharesPrefixes: true);
        var request = new GenerationRequest { Id = "request", PromptTokenIds = [.. new int[1000]], Sampling = new SamplingParams() };
        Sequence sequence = factory.Create(request, 0, 0)[0];
        var scheduled = Enumerable.Repeat(new ScheduledSequence(sequence, 0, 1 + drafts, [], true, drafts), next).ToList();
        if (prompt > 0)
            scheduled.Add(new ScheduledSequence(sequence, 0, prompt, [], false));
        return new StepPlan([.. scheduled]);
    }
}
