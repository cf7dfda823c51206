using System.Collections.Immutable;
using Gemma4.Engine.KvCache;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Scheduling;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests.Scheduling;

public sealed class SchedulerTests
{
    [Fact]
    public void Long_prompt_takes_chunks_and_the_running_sequence_gets_a_token_in_every_step()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 8);
        Sequence running = world.Add(prompt: 3);
        world.Step();
        Sequence prompt = world.Add(prompt: 30);
        for (int i = 0; i < 4; i++)
            Assert.Equal([(running, 1), (prompt, 7)], world.Step());
        Assert.Equal([(running, 1), (prompt, 2)], world.Step());
        Assert.Equal(1, prompt.NumOutputTokens);
        Assert.Equal([(running, 1), (prompt, 1)], world.Step());
    }

    [Fact]
    public void First_come_is_first_served_within_a_priority()
    {
        var world = new SchedulerWorld(maxSequences: 1);
        Sequence first = world.Add(prompt: 3, priority: 1);
        Sequence second = world.Add(prompt: 3, priority: 1);
        Sequence urgent = world.Add(prompt: 3, priority: 0);
        Assert.Equal([urgent, first, second], world.OrderOfCompletion());
    }

    [Fact]
    public void Youngest_is_preempted_and_resumes_with_the_same_tokens()
    {
        // 10 blocks of 4: two sequences of 30 tokens cannot both grow.
        var world = new SchedulerWorld(numBlocks: 10, maxTokensPerStep: 40);
        Sequence elder = world.Add(prompt: 12, maxTokens: 18);
        Sequence younger = world.Add(prompt: 12, maxTokens: 18);
        Assert.Equal([elder, younger], world.OrderOfCompletion());
        Assert.True(world.Scheduler.NumPreemptions > 0);
        world.AssertTokensAreThoseAlone(elder, younger);
    }

    [Fact]
    public void Urgent_sequence_preempts_the_less_urgent_however_old()
    {
        var world = new SchedulerWorld(numBlocks: 10, maxTokensPerStep: 40);
        Sequence patient = world.Add(prompt: 12, maxTokens: 18, priority: 5);
        Sequence urgent = world.Add(prompt: 12, maxTokens: 18, priority: 0);
        Assert.Equal([urgent, patient], world.OrderOfCompletion());
        Assert.True(world.Scheduler.NumPreemptions > 0);
        world.AssertTokensAreThoseAlone(patient, urgent);
    }

    [Fact]
    public void Equal_prefixes_that_arrive_together_are_computed_once()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 16);
        ImmutableArray<int> shared = [.. Enumerable.Range(0, 64)];
        Sequence[] sequences = [.. Enumerable.Range(0, 6).Select(i => world.Add([.. shared, i, i], maxTokens: 2))];
        int computed = world.RunCountingTokens();
        // Each besides: what follows the shared blocks, and one token more to sample the second.
        Assert.Equal(64 + (6 * 3), computed);
        Assert.Equal([0, 64, 64, 64, 64, 64], sequences.Select(s => s.NumCachedTokens));
        world.AssertTokensAreThoseAlone(sequences);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Sequences_of_one_request_share_its_prompt_with_and_without_prefix_cache(bool sharesPrefixes)
    {
        var world = new SchedulerWorld(maxTokensPerStep: 16, sharesPrefixes: sharesPrefixes);
        Sequence[] sequences = world.AddRequest(world.Request([.. Enumerable.Range(0, 64)], maxTokens: 1) with { NumSequences = 4 });
        // The others compute the last block again: at least the last prompt token is needed for its logits.
        Assert.Equal(64 + (3 * 4), world.RunCountingTokens());
        world.AssertTokensAreThoseAlone(sequences);
    }

    [Fact]
    public void Without_prefix_cache_requests_share_nothing()
    {
        var world = new SchedulerWorld(sharesPrefixes: false);
        world.Add(prompt: 40, maxTokens: 1);
        world.Add(prompt: 40, maxTokens: 1);
        Assert.Equal(80, world.RunCountingTokens());
    }

    [Fact]
    public void Wait_for_a_shared_prefix_ends_when_its_computing_is_aborted()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 8);
        ImmutableArray<int> shared = [.. Enumerable.Range(0, 64)];
        Sequence first = world.Add(shared, maxTokens: 2);
        Sequence second = world.Add(shared, maxTokens: 2);
        Assert.Equal([(first, 8)], world.Step());
        world.Scheduler.End(first);
        Assert.Equal([(second, 8)], world.Step());
        Assert.Equal(16, second.NumComputedTokens);
    }

    [Fact]
    public void Image_that_attends_both_ways_is_computed_whole_once_it_is_encoded()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 20, maxSequences: 4, maxEncoderTokens: 16, bidirectional: true);
        GenerationRequest request = world.Request([.. Enumerable.Range(0, 40)], maxTokens: 1) with
        {
            Media = [ImageItem(4, 8), ImageItem(14, 8), ImageItem(22, 12)],
        };
        Sequence sequence = Assert.Single(world.AddRequest(request));
        Assert.Equal([(sequence, 4)], world.Step());
        Assert.Equal([(sequence, 10)], world.Step());    // the first image; the second is encoded meanwhile
        Assert.Equal([(sequence, 8)], world.Step());
        Assert.Equal([(sequence, 18)], world.Step());
        world.AssertTokensAreThoseAlone(sequence);
    }

    [Fact]
    public void Prompts_are_read_in_pieces_beside_the_next_tokens_of_others()
    {
        var world = new SchedulerWorld { Prompts = new PromptBudget(BesideText: 6, Alone: 20) };
        Sequence reader = world.Add(prompt: 30, maxTokens: 20);
        Assert.Equal([(reader, 20)], world.Step());
        Assert.Equal([(reader, 10)], world.Step());
        Sequence first = world.Add(prompt: 10, maxTokens: 1), second = world.Add(prompt: 10, maxTokens: 1);
        Assert.Equal([(reader, 1), (first, 6)], world.Step());
        Assert.Equal([(reader, 1), (first, 4), (second, 2)], world.Step());
        Assert.Equal([(reader, 1), (second, 6)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(reader, first, second);
    }

    [Fact]
    public void Image_that_attends_both_ways_is_read_whole_beside_text_whatever_its_size()
    {
        var world = new SchedulerWorld(bidirectional: true) { Prompts = new PromptBudget(BesideText: 6, Alone: 20) };
        Sequence reader = world.Add(prompt: 5, maxTokens: 20);
        world.Step();
        Sequence image = world.AddRequest(world.Request([.. Enumerable.Range(0, 30)], maxTokens: 1) with { Media = [ImageItem(4, 18)] })[0];
        Assert.Equal([(reader, 1), (image, 4)], world.Step());
        Assert.Equal([(reader, 1), (image, 18)], world.Step());
        Assert.Equal([(reader, 1), (image, 6)], world.Step());
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone(reader, image);
    }

    [Fact]
    public void Text_flows_in_every_step_while_images_of_others_are_encoded()
    {
        var world = new SchedulerWorld(maxMediaSlices: 12);
        Sequence text = world.Add(prompt: 5, maxTokens: 40);
        Sequence[] images = [.. Enumerable.Range(0, 3).SelectMany(i => world.AddRequest(
            world.Request([50 + i, .. Enumerable.Range(0, 30)], maxTokens: 1) with { Media = [ImageItem(4, 8, content: 11 + i)] }))];
        Sequence late = world.Add(prompt: 5, maxTokens: 3);
        world.Step();
        Assert.All(images, p => Assert.Equal(4, p.NumComputedTokens));
        while (late.State != SequenceState.Ended)
            Assert.Contains((text, 1), world.Step());
        Assert.All(images, p => Assert.Equal(4, p.NumComputedTokens));
        world.OrderOfCompletion();
        world.AssertTokensAreThoseAlone([text, late, .. images]);
    }

    [Fact]
    public void Sequence_whose_first_token_waits_for_an_image_lets_others_pass()
    {
        var world = new SchedulerWorld(maxMediaSlices: 12);
        Sequence image = world.AddRequest(
            world.Request([.. Enumerable.Range(0, 30)], maxTokens: 1) with { Media = [ImageItem(0, 8, content: 11)] })[0];
        Sequence text = world.Add(prompt: 5, maxTokens: 1);
        Assert.Equal([(text, 5)], world.Step());
        Assert.Equal(SequenceState.Waiting, image.State);
        Assert.Equal([image], world.OrderOfCompletion()[1..]);
        world.AssertTokensAreThoseAlone(image, text);
    }

    [Fact]
    public void Image_that_cannot_be_encoded_ends_its_own_sequence_only()
    {
        var world = new SchedulerWorld(beforeSlice: item => { if (item.ContentHash == 11) throw new InvalidOperationException("planted"); });
        Sequence[] sequences = [.. new[] { 11, 12 }.SelectMany(content => world.AddRequest(
            world.Request([content, .. Enumerable.Range(0, 30)], maxTokens: 2) with { Media = [ImageItem(4, 8, content)] }))];
        world.OrderOfCompletion();
        Assert.Equal(0, sequences[0].NumOutputTokens);
        Assert.Equal(SequenceState.Ended, sequences[0].State);
        world.AssertTokensAreThoseAlone(sequences[1]);
    }

    [Fact]
    public void Image_larger_than_a_step_can_compute_whole_is_refused()
    {
        var world = new SchedulerWorld(maxTokensPerStep: 20, maxSequences: 4, bidirectional: true);
        GenerationRequest request = world.Request([.. Enumerable.Range(0, 40)], maxTokens: 1) with { Media = [ImageItem(4, 18)] };
        Assert.Equal(RejectionReason.InvalidMedia, Assert.Throws<RequestRejectedException>(() => world.AddRequest(request)).Reason);
        world.AddRequest(request with { Media = [ImageItem(4, 17)] });
        Assert.True(world.RunCountingTokens() == 40);
    }

    [Fact]
    public void Prompt_that_memory_can_never_hold_is_refused_and_limits_are_clamped()
    {
        var world = new SchedulerWorld(numBlocks: 10, maxContext: 1000);
        RequestRejectedException e = Assert.Throws<RequestRejectedException>(() => world.Add(prompt: 40));
        Assert.Equal(RejectionReason.ContextLengthExceeded, e.Reason);
        Assert.Equal("context_length_exceeded", e.Code);
        Sequence sequence = world.Add(prompt: 30, maxTokens: 500);
        world.OrderOfCompletion();
        Assert.Equal(40, sequence.NumTokens);
    }

    [Fact]
    public void Stop_token_ends_a_sequence_only_after_the_least_number_of_tokens()
    {
        var world = new SchedulerWorld();
        GenerationRequest request = world.Request([1, 2, 3], maxTokens: 50);
        List<int> unstopped = world.Model.Generate(request, 0, 50);
        ImmutableArray<int> stop = [unstopped[4]];
        int first = unstopped.IndexOf(stop[0]);
        Sequence early = world.AddRequest(request with { StopTokenIds = stop })[0];
        Assert.False(early.SuppressesStopTokensAfter(0));
        Sequence late = world.AddRequest(request with { StopTokenIds = stop, MinTokens = first + 1 })[0];
        Assert.True(late.SuppressesStopTokensAfter(0));
        world.OrderOfCompletion();
        Assert.Equal(first + 1, early.NumOutputTokens);
        Assert.True(late.NumOutputTokens > first + 1);
    }

    private static MediaItem.Image ImageItem(int first, int tokens) => ImageItem(first, tokens, first);

    private static MediaItem.Image ImageItem(int first, int tokens, int content) => new(first, tokens, (UInt128)content, default, 1);
}
