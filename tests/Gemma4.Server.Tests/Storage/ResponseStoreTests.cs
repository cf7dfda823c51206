using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Microsoft.Extensions.Options;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

public sealed class ResponseStoreTests
{
    [Fact]
    public void The_oldest_go_when_there_are_too_many()
    {
        CallerResponses store = Store(new ApiOptions { MaxStoredResponses = 2 }, new Clock());
        foreach (string id in (string[])["a", "b", "c"])
            store.Add(Response(id, 10));
        Assert.Null(store.Find("a"));
        Assert.Null(store.FindItem("item-a"));
        Assert.NotNull(store.Find("b"));
        Assert.NotNull(store.FindItem("item-c"));
    }

    [Fact]
    public void The_oldest_go_when_there_is_too_much_text()
    {
        CallerResponses store = Store(new ApiOptions { MaxStoredMegabytes = 1 }, new Clock());
        store.Add(Response("a", 400_000));
        Assert.NotNull(store.Find("a"));
        store.Add(Response("b", 400_000));
        Assert.Null(store.Find("a"));
        Assert.NotNull(store.Find("b"));
        store.Add(Response("huge", 600_000));
        Assert.Null(store.Find("huge"));
    }

    [Fact]
    public void A_response_is_kept_for_its_time()
    {
        var clock = new Clock();
        CallerResponses store = Store(new ApiOptions { StoredResponseMinutes = 5 }, clock);
        store.Add(Response("a", 10));
        clock.Now += TimeSpan.FromMinutes(4.9);
        Assert.NotNull(store.Find("a"));
        clock.Now += TimeSpan.FromMinutes(0.2);
        Assert.Null(store.Find("a"));
        Assert.False(store.Remove("a"));
    }

    [Fact]
    public void A_removed_response_frees_its_place()
    {
        CallerResponses store = Store(new ApiOptions { MaxStoredResponses = 1 }, new Clock());
        store.Add(Response("a", 10));
        Assert.True(store.Remove("a"));
        Assert.False(store.Remove("a"));
        store.Add(Response("b", 10));
        Assert.NotNull(store.Find("b"));
    }

    [Fact]
    public void An_item_given_back_does_not_replace_the_generated_one()
    {
        CallerResponses store = Store(new ApiOptions(), new Clock());
        StoredResponse first = Response("a", 10);
        store.Add(first);
        store.Add(Response("b", 20) with { Input = [Response("a", 30).Input[0]] });
        Assert.Same(first.Input[0], store.FindItem("item-a"));
        Assert.True(store.Remove("b"));
        Assert.Same(first.Input[0], store.FindItem("item-a"));
    }

    [Fact]
    public void What_one_caller_keeps_is_not_there_for_another()
    {
        var store = new ResponseStore(Options.Create(new ApiOptions()), new Clock());
        CallerResponses mine = store.Of(new Caller("mine")), theirs = store.Of(new Caller("theirs"));
        mine.Add(Response("a", 10));
        Assert.Null(theirs.Find("a"));
        Assert.Null(theirs.FindItem("item-a"));
        Assert.False(theirs.Remove("a"));
        Assert.NotNull(mine.Find("a"));
        Assert.NotNull(mine.FindItem("item-a"));
    }

    private static CallerResponses Store(ApiOptions options, TimeProvider clock) => new ResponseStore(Options.Create(options), clock).Of(new Caller("mine"));

    private static StoredResponse Response(string id, int length)
    {
        var item = new ResponseItem { Type = "message", Id = $"item-{id}", Content = new ResponseContent { Text = new string('x', length) } };
        var response = new ResponseObject
        {
            Id = id,
            CreatedAt = 0,
            Status = "completed",
            Model = "m",
            Output = [],
            ParallelToolCalls = true,
            Reasoning = new ResponseReasoning(),
            Store = true,
            Temperature = 1,
            Text = new ResponseText(),
            ToolChoice = new ResponseToolChoice("auto"),
            Tools = [],
            TopLogprobs = 0,
            TopP = 1,
            Truncation = "disabled",
            Metadata = [],
        };
        return new StoredResponse(response, [item], [item]);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
