using System.Threading.Channels;
using Gemma4.Engine.Requests;
using Gemma4.Server.Streaming;
using Xunit;

namespace Gemma4.Server.Tests.Streaming;

public sealed class GenerationReaderTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_gathered_while_the_client_was_slow_comes_as_one_batch()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, Long, TimeProvider.System, Cancellation);
        generation.Say("a");
        Assert.True(await reader.ReadAsync());
        Assert.Equal("a", Text(reader));
        foreach (string text in new[] { "b", "c", "d" })
            generation.Say(text);
        Assert.True(await reader.ReadAsync());
        Assert.Equal("bcd", Text(reader));
        generation.End();
        Assert.False(await reader.ReadAsync());
    }

    [Fact]
    public async Task Events_that_come_later_end_the_wait()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, Long, TimeProvider.System, Cancellation);
        for (int i = 0; i < 100; i++)
        {
            ValueTask<bool> reading = reader.ReadAsync();
            Assert.False(reading.IsCompleted);
            generation.Say($"{i}");
            Assert.True(await reading);
            Assert.Equal($"{i}", Text(reader));
        }
    }

    [Fact]
    public async Task Silence_gives_empty_batches_until_there_is_something()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, TimeSpan.FromMilliseconds(5), TimeProvider.System, Cancellation);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(await reader.ReadAsync());
            Assert.Empty(reader.Events);
        }
        generation.Say("a");
        do
            Assert.True(await reader.ReadAsync());
        while (reader.Events.Count == 0);
        Assert.Equal("a", Text(reader));
    }

    [Fact]
    public async Task A_stream_that_speaks_is_not_silent()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, TimeSpan.FromSeconds(2), TimeProvider.System, Cancellation);
        for (int i = 0; i < 30; i++)
        {
            ValueTask<bool> reading = reader.ReadAsync();
            await Task.Delay(100, Cancellation);
            generation.Say("a");
            Assert.True(await reading);
            Assert.NotEmpty(reader.Events);
        }
    }

    [Fact]
    public async Task Tokens_without_text_are_waited_through()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, Long, TimeProvider.System, Cancellation);
        ValueTask<bool> reading = reader.ReadAsync();
        generation.Say(null);
        generation.Say(null);
        await Task.Delay(20, Cancellation);
        Assert.False(reading.IsCompleted);
        generation.Say("a");
        Assert.True(await reading);
        Assert.Equal("a", Text(reader));
    }

    [Fact]
    public async Task A_fault_of_the_generation_comes_through()
    {
        var generation = new Spoken();
        using var reader = new GenerationReader(generation, Long, TimeProvider.System, Cancellation);
        generation.End(new InvalidDataException("broken"));
        await Assert.ThrowsAsync<InvalidDataException>(async () => await reader.ReadAsync());
    }

    [Fact]
    public async Task Who_leaves_waits_no_longer()
    {
        using var left = new CancellationTokenSource();
        using var reader = new GenerationReader(new Spoken(), Long, TimeProvider.System, left.Token);
        ValueTask<bool> reading = reader.ReadAsync();
        await left.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }

    private static string Text(GenerationReader reader) => ((GenerationEvent.Content)Assert.Single(reader.Events).Event).Text;

    /// <summary>A generation that a test speaks for; null is a token without text.</summary>
    private sealed class Spoken : IGeneration
    {
        private readonly Channel<string?> _said = Channel.CreateUnbounded<string?>(new UnboundedChannelOptions { SingleReader = true });

        public void Say(string? text) => _said.Writer.TryWrite(text);

        public void End(Exception? fault = null) => _said.Writer.Complete(fault);

        public ValueTask<bool> WaitAsync() => _said.Reader.WaitToReadAsync(CancellationToken.None);

        public void Read(EventBatch batch)
        {
            while (_said.Reader.TryRead(out string? text))
            {
                if (text is not null)
                    batch.Add(0, new GenerationEvent.Content(text));
            }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
