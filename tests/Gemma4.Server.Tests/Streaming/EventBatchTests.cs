using Gemma4.Engine.Requests;
using Gemma4.Server.Streaming;
using Xunit;

namespace Gemma4.Server.Tests.Streaming;

public sealed class EventBatchTests
{
    private static readonly TokenLogprobs Logprob = new(-0.5f, []);

    [Fact]
    public void Neighbours_of_one_kind_join_within_a_sequence_even_when_others_run_between()
    {
        IReadOnlyList<SequenceEvent> merged = Of(
        [
            (0, new GenerationEvent.Content("a")), (1, new GenerationEvent.Content("x")), (0, new GenerationEvent.Content("b")),
            (1, new GenerationEvent.Content("y")),
        ]);
        Assert.Equal([(0, "ab"), (1, "xy")], merged.Select(m => (m.Index, ((GenerationEvent.Content)m.Event).Text)));
    }

    [Fact]
    public void Kinds_stay_apart_and_in_order()
    {
        IReadOnlyList<SequenceEvent> merged = Of(
        [
            (0, new GenerationEvent.Reasoning("t")), (0, new GenerationEvent.Content("c")), (0, new GenerationEvent.ToolCallStarted(0, "i", "f")),
            (0, new GenerationEvent.ToolCallArguments(0, "{")), (0, new GenerationEvent.ToolCallArguments(0, "}")),
            (0, new GenerationEvent.ToolCallStarted(1, "j", "g")), (0, new GenerationEvent.ToolCallArguments(1, "{}")),
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
        (int, GenerationEvent) logprobs = (0, new GenerationEvent.Logprobs([(5, Logprob)]));
        (int, GenerationEvent) text = (0, new GenerationEvent.Content("a"));
        SequenceEvent merged = Assert.Single(Of(before ? [logprobs, text] : [text, logprobs]));
        Assert.Equal("a", ((GenerationEvent.Content)merged.Event).Text);
        Assert.Equal(5, Assert.Single(merged.Logprobs).TokenId);
    }

    [Fact]
    public void Each_batch_begins_empty_and_is_full_before_its_frame_is_large()
    {
        var batch = new EventBatch();
        for (int i = 0; !batch.IsFull; i++)
        {
            Assert.InRange(i, 0, 1000);
            batch.Add(0, new GenerationEvent.Content("a"));
        }
        Assert.Single(batch.Take());
        Assert.True(batch.IsEmpty);
        Assert.False(batch.IsFull);
        batch.Add(0, new GenerationEvent.Content("b"));
        Assert.Equal("b", ((GenerationEvent.Content)Assert.Single(batch.Take()).Event).Text);
    }

    private static IReadOnlyList<SequenceEvent> Of(params (int Index, GenerationEvent Event)[] events)
    {
        var batch = new EventBatch();
        foreach ((int index, GenerationEvent item) in events)
            batch.Add(index, item);
        return batch.Take();
    }
}
