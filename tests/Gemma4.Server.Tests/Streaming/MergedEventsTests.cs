using Gemma4.Engine.Requests;
using Gemma4.Server.Streaming;
using Xunit;

namespace Gemma4.Server.Tests.Streaming;

public sealed class MergedEventsTests
{
    private static readonly TokenLogprobs Logprob = new(-0.5f, []);

    [Fact]
    public void Neighbours_of_one_kind_join_within_a_sequence_even_when_others_run_between()
    {
        List<MergedEvent> merged = MergedEvents.Of(
        [
            new(0, new GenerationEvent.Content("a")), new(1, new GenerationEvent.Content("x")), new(0, new GenerationEvent.Content("b")),
            new(1, new GenerationEvent.Content("y")),
        ]);
        Assert.Equal([(0, "ab"), (1, "xy")], merged.Select(m => (m.Index, ((GenerationEvent.Content)m.Event).Text)));
    }

    [Fact]
    public void Kinds_stay_apart_and_in_order()
    {
        List<MergedEvent> merged = MergedEvents.Of(
        [
            new(0, new GenerationEvent.Reasoning("t")), new(0, new GenerationEvent.Content("c")), new(0, new GenerationEvent.ToolCallStarted(0, "i", "f")),
            new(0, new GenerationEvent.ToolCallArguments(0, "{")), new(0, new GenerationEvent.ToolCallArguments(0, "}")),
            new(0, new GenerationEvent.ToolCallStarted(1, "j", "g")), new(0, new GenerationEvent.ToolCallArguments(1, "{}")),
        ]);
        Assert.Equal(
            ["Reasoning", "Content", "ToolCallStarted", "ToolCallArguments", "ToolCallStarted", "ToolCallArguments"],
            merged.Select(m => m.Event.GetType().Name));
        Assert.Equal("{}", ((GenerationEvent.ToolCallArguments)merged[3].Event).Json);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Log_probabilities_stay_with_the_text_they_belong_to(bool before)
    {
        SequenceEvent logprobs = new(0, new GenerationEvent.Logprobs([(5, Logprob)]));
        SequenceEvent text = new(0, new GenerationEvent.Content("a"));
        MergedEvent merged = Assert.Single(MergedEvents.Of(before ? [logprobs, text] : [text, logprobs]));
        Assert.Equal("a", ((GenerationEvent.Content)merged.Event).Text);
        Assert.Equal(5, Assert.Single(merged.Logprobs).TokenId);
    }
}
