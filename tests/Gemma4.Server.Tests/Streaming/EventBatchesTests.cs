using System.Threading.Channels;
using Gemma4.Server.Streaming;
using Xunit;

namespace Gemma4.Server.Tests.Streaming;

public sealed class EventBatchesTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task What_gathered_while_the_client_was_slow_comes_as_one_batch()
    {
        Channel<int> channel = Channel.CreateUnbounded<int>();
        channel.Writer.TryWrite(1);
        await using IAsyncEnumerator<IReadOnlyList<int>> batches = Read(channel, Long).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await batches.MoveNextAsync());
        Assert.Equal([1], batches.Current);
        for (int i = 2; i < 6; i++)
            channel.Writer.TryWrite(i);
        Assert.True(await batches.MoveNextAsync());
        Assert.Equal(2, batches.Current[0]);
        channel.Writer.Complete();
        var rest = new List<int>(batches.Current);
        while (await batches.MoveNextAsync())
            rest.AddRange(batches.Current);
        Assert.Equal([2, 3, 4, 5], rest);
    }

    [Fact]
    public async Task Silence_gives_empty_batches()
    {
        Channel<int> channel = Channel.CreateUnbounded<int>();
        await using IAsyncEnumerator<IReadOnlyList<int>> batches =
            Read(channel, TimeSpan.FromMilliseconds(5)).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        Assert.True(await batches.MoveNextAsync());
        Assert.Empty(batches.Current);
        channel.Writer.TryWrite(7);
        while (batches.Current.Count == 0)
            Assert.True(await batches.MoveNextAsync());
        Assert.Equal([7], batches.Current);
    }

    [Fact]
    public async Task A_fault_of_the_stream_comes_through()
    {
        Channel<int> channel = Channel.CreateUnbounded<int>();
        channel.Writer.Complete(new InvalidDataException("broken"));
        await Assert.ThrowsAsync<InvalidDataException>(async () =>
        {
            await foreach (IReadOnlyList<int> _ in Read(channel, Long))
            {
            }
        });
    }

    private static IAsyncEnumerable<IReadOnlyList<int>> Read(Channel<int> channel, TimeSpan heartbeat) => EventBatches.ReadAsync(
        channel.Reader.ReadAllAsync(TestContext.Current.CancellationToken), heartbeat, TimeProvider.System, TestContext.Current.CancellationToken);
}
