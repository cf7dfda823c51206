using Gemma4.Server.Access;
using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Storage;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

/// <summary>The same on each database.</summary>
public sealed class ResponseStoreTests(PostgresServer postgres)
{
    private static readonly PageRequest FirstPage = new(20, null, true);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<string> Databases() => ["memory", "sqlite", "postgres"];

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_response_comes_back_as_it_was_kept(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        string image = "data:image/png;base64," + new string('A', 3_000_000);
        StoredResponse kept = SampleResponses.Of("resp_a", image);
        Assert.True(await storage.Of("me").TryKeepAsync(kept));
        ResponseObject found = (await storage.Of("me").FindAsync("resp_a", Cancelled))!;
        Assert.Equal(StoredJson.Bytes(kept.Response, OpenAI.OpenAIJson.Context.ResponseObject), StoredJson.Bytes(found, OpenAI.OpenAIJson.Context.ResponseObject));
        StoredPage<ResponseItem> input = (await storage.Of("me").InputAsync("resp_a", FirstPage, Cancelled))!;
        Assert.Equal([image], SampleResponses.Texts(input.Items));
        EarlierItems all = (await storage.Of("me").ConversationAsync("resp_a", Cancelled))!;
        Assert.Equal([image, "answer resp_a"], SampleResponses.Texts(all.Items));
        Assert.Equal("answer resp_a", (await storage.Of("me").FindItemAsync("out-resp_a", Cancelled))!.Content!.Text);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_is_kept_is_there_for_another_process(string database)
    {
        if (database == "memory")
            return; // promises the opposite
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        await using TestStorage other = await storage.AgainAsync();
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("resp_a")));
        Assert.NotNull(await other.Of("me").FindAsync("resp_a", Cancelled));
        Assert.True(await other.Of("me").RemoveAsync("resp_a", Cancelled));
        Assert.Null(await storage.Of("me").FindAsync("resp_a", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Texts_that_look_like_references_stay_what_they_are(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        string[] texts = ["\0", "\0blob:" + new string('0', 64), "\0\0blob:x", new string('x', LongTexts.MinLength) + "\0", "\u00e9\ud83d\ude00\n\"\\"];
        foreach ((int i, string text) in texts.Index())
        {
            Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of($"resp_{i}", text)));
            Assert.Equal(text, (await storage.Of("me").FindItemAsync($"in-resp_{i}", Cancelled))!.Content!.Text);
        }
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task The_oldest_go_when_there_are_too_many(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres, options => options.MaxEntries = 2);
        foreach (string id in (string[])["a", "b", "c"])
        {
            Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of(id)));
            storage.Time.Advance(TimeSpan.FromSeconds(1));
        }
        Assert.Null(await storage.Of("me").FindAsync("a", Cancelled));
        Assert.Null(await storage.Of("me").FindItemAsync("in-a", Cancelled));
        Assert.NotNull(await storage.Of("me").FindAsync("b", Cancelled));
        Assert.NotNull(await storage.Of("me").FindItemAsync("out-c", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Files_take_no_place_of_what_passes(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres, options => options.MaxEntries = 2);
        for (int i = 0; i < 3; i++)
        {
            using var text = new MemoryStream([1, 2, (byte)i]);
            FileContent content = await storage.Files.WriteAsync(new Caller("me"), text, Cancelled);
            await storage.Files.AddAsync(new Caller("me"), new StoredFile { Id = $"file-{i}", Bytes = 3, CreatedAt = 0, Filename = "a", Purpose = "user_data" }, content, Cancelled);
        }
        foreach (string id in (string[])["a", "b"])
            Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of(id)));
        Assert.NotNull(await storage.Of("me").FindAsync("a", Cancelled));
        Assert.NotNull(await storage.Of("me").FindAsync("b", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Who_holds_most_gives_way_when_there_is_too_much(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres, options => options.MaxMegabytes = 1);
        Assert.True(await storage.Of("modest").TryKeepAsync(SampleResponses.Of("m", new string('m', 100_000))));
        storage.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("a", new string('a', 600_000))));
        storage.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("b", new string('b', 600_000))));
        Assert.Null(await storage.Of("me").FindAsync("a", Cancelled));
        Assert.NotNull(await storage.Of("me").FindAsync("b", Cancelled));
        Assert.False(await storage.Of("me").TryKeepAsync(SampleResponses.Of("huge", new string('x', 1_100_000))));
        Assert.Null(await storage.Of("me").FindAsync("huge", Cancelled));
        Assert.NotNull(await storage.Of("modest").FindAsync("m", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_response_is_kept_for_its_time_and_then_swept(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres, options => options.RetentionDays = 5);
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("a", new string('a', 10_000))));
        storage.Time.Advance(TimeSpan.FromDays(4.9));
        Assert.NotNull(await storage.Of("me").FindAsync("a", Cancelled));
        storage.Time.Advance(TimeSpan.FromDays(0.2));
        Assert.Null(await storage.Of("me").FindAsync("a", Cancelled));
        Assert.Null(await storage.Of("me").ConversationAsync("a", Cancelled));
        Assert.Null(await storage.Of("me").FindItemAsync("in-a", Cancelled));
        Assert.False(await storage.Of("me").RemoveAsync("a", Cancelled));
        await storage.Service.SweepAsync(Cancelled);
        await AssertEmptyAsync(storage);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_removed_response_is_gone(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of("a", new string('a', 10_000))));
        Assert.True(await storage.Of("me").RemoveAsync("a", Cancelled));
        Assert.False(await storage.Of("me").RemoveAsync("a", Cancelled));
        await AssertEmptyAsync(storage);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_long_text_is_kept_once_for_each_caller(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        string image = "data:image/png;base64," + new string('A', 100_000);
        foreach (string id in (string[])["a", "b"])
            Assert.True(await storage.Of("me").TryKeepAsync(SampleResponses.Of(id, image)));
        Assert.True(await storage.Of("you").TryKeepAsync(SampleResponses.Of("c", image)));
        Assert.Equal(2, await storage.NumberAsync("SELECT COUNT(*) FROM blobs"));
        Assert.True(await storage.Of("me").RemoveAsync("a", Cancelled));
        Assert.Equal(image, (await storage.Of("me").FindItemAsync("in-b", Cancelled))!.Content!.Text);
        Assert.True(await storage.Of("me").RemoveAsync("b", Cancelled));
        Assert.Equal(1, await storage.NumberAsync("SELECT COUNT(*) FROM blobs"));
        Assert.Equal(image, (await storage.Of("you").FindItemAsync("in-c", Cancelled))!.Content!.Text);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_conversation_outlives_the_responses_before_its_last_one(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        CallerResponses mine = storage.Of("me");
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("a", "one")));
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("b", "two", await mine.ConversationAsync("a", Cancelled))));
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("c", "three", await mine.ConversationAsync("b", Cancelled))));
        string[] all = ["one", "answer a", "two", "answer b", "three", "answer c"];
        Assert.Equal(all, SampleResponses.Texts((await mine.ConversationAsync("c", Cancelled))!.Items));
        Assert.True(await mine.RemoveAsync("a", Cancelled));
        Assert.True(await mine.RemoveAsync("b", Cancelled));
        Assert.Null(await mine.FindAsync("a", Cancelled));
        Assert.Null(await mine.FindItemAsync("in-a", Cancelled));
        Assert.Equal(all, SampleResponses.Texts((await mine.ConversationAsync("c", Cancelled))!.Items));
        Assert.True(await mine.RemoveAsync("c", Cancelled));
        await AssertEmptyAsync(storage);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_a_response_goes_on_from_may_go_before_it_is_kept(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        CallerResponses mine = storage.Of("me");
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("a", "one")));
        EarlierItems before = (await mine.ConversationAsync("a", Cancelled))!;
        Assert.True(await mine.RemoveAsync("a", Cancelled));
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("b", "two", before)));
        Assert.Equal(["one", "answer a", "two", "answer b"], SampleResponses.Texts((await mine.ConversationAsync("b", Cancelled))!.Items));
        Assert.Equal(["two"], SampleResponses.Texts((await mine.InputAsync("b", FirstPage, Cancelled))!.Items));
        Assert.Null(await mine.FindItemAsync("in-a", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task An_item_given_back_does_not_replace_the_generated_one(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        CallerResponses mine = storage.Of("me");
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("a", "first")));
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("b") with { Input = [SampleResponses.Item("in-a", "user", "second")] }));
        Assert.Equal("first", (await mine.FindItemAsync("in-a", Cancelled))!.Content!.Text);
        Assert.True(await mine.RemoveAsync("b", Cancelled));
        Assert.Equal("first", (await mine.FindItemAsync("in-a", Cancelled))!.Content!.Text);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task What_one_caller_keeps_is_not_there_for_another(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        (CallerResponses mine, CallerResponses theirs) = (storage.Of("mine"), storage.Of("theirs"));
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("a")));
        Assert.Null(await theirs.FindAsync("a", Cancelled));
        Assert.Null(await theirs.FindItemAsync("in-a", Cancelled));
        Assert.Null(await theirs.ConversationAsync("a", Cancelled));
        Assert.Null(await theirs.InputAsync("a", FirstPage, Cancelled));
        Assert.Null(await theirs.ProgressAsync("a", Cancelled));
        Assert.Null(await theirs.EventsAsync("a", 0, Cancelled));
        Assert.Null(await theirs.CancelAsync("a", Cancelled));
        Assert.False(await theirs.RemoveAsync("a", Cancelled));
        Assert.NotNull(await mine.FindAsync("a", Cancelled));
        // Both may use one id, and each has its own.
        Assert.True(await theirs.TryKeepAsync(SampleResponses.Of("a", "theirs")));
        Assert.Equal("Hi", (await mine.FindItemAsync("in-a", Cancelled))!.Content!.Text);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task A_list_of_input_goes_page_by_page_either_way(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        CallerResponses mine = storage.Of("me");
        StoredResponse kept = SampleResponses.Of("a") with { Input = [.. Enumerable.Range(0, 5).Select(i => SampleResponses.Item($"msg_{i}", "user", $"{i}"))] };
        Assert.True(await mine.TryKeepAsync(kept));
        StoredPage<ResponseItem> first = (await mine.InputAsync("a", new PageRequest(2, null, false), Cancelled))!;
        Assert.Equal((true, "4 3"), (first.HasMore, string.Join(' ', SampleResponses.Texts(first.Items))));
        StoredPage<ResponseItem> second = (await mine.InputAsync("a", new PageRequest(3, "msg_3", false), Cancelled))!;
        Assert.Equal((false, "2 1 0"), (second.HasMore, string.Join(' ', SampleResponses.Texts(second.Items))));
        StoredPage<ResponseItem> ascending = (await mine.InputAsync("a", new PageRequest(1, "msg_3", true), Cancelled))!;
        Assert.Equal((false, "4"), (ascending.HasMore, string.Join(' ', SampleResponses.Texts(ascending.Items))));
        Assert.Empty((await mine.InputAsync("a", new PageRequest(1, "msg_none", true), Cancelled))!.Items);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task No_id_that_a_caller_names_disturbs_the_database(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        CallerResponses mine = storage.Of("me");
        foreach (string id in (string[])["", "\0", "a\0b", "' OR 1=1 --", new string('x', 100_000), "\ud800"])
        {
            Assert.Null(await mine.FindAsync(id, Cancelled));
            Assert.Null(await mine.FindItemAsync(id, Cancelled));
            Assert.False(await mine.RemoveAsync(id, Cancelled));
        }
        Assert.True(await mine.TryKeepAsync(SampleResponses.Of("a") with { Input = [SampleResponses.Item("odd\0id", "user", "x")] }));
        Assert.Equal("odd\0id", (await mine.InputAsync("a", FirstPage, Cancelled))!.Items[0].Id);
    }

    [Theory]
    [MemberData(nameof(Databases))]
    public async Task Many_at_once_are_all_kept_and_counted(string database)
    {
        await using TestStorage storage = await TestStorage.OpenAsync(database, postgres);
        string image = "data:image/png;base64," + new string('A', 10_000);
        bool[] kept = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => storage.Of($"{i % 3}").TryKeepAsync(SampleResponses.Of($"resp_{i}", image))));
        Assert.DoesNotContain(false, kept);
        Assert.Equal((100, 100, 3), (await storage.NumberAsync("SELECT COUNT(*) FROM entries"),
            await storage.NumberAsync("SELECT CAST(SUM(entries) AS BIGINT) FROM holdings"), await storage.NumberAsync("SELECT COUNT(*) FROM blobs")));
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => storage.Of($"{i % 3}").RemoveAsync($"resp_{i}", Cancelled)));
        await AssertEmptyAsync(storage);
    }

    private static async Task AssertEmptyAsync(TestStorage storage)
    {
        foreach (string table in (string[])["entries", "items", "blobs", "blob_parts", "blob_uses", "tags", "jobs", "events"])
            Assert.Equal((table, 0), (table, await storage.NumberAsync($"SELECT COUNT(*) FROM {table}")));
        Assert.Equal(0, await storage.NumberAsync("SELECT COUNT(*) FROM holdings WHERE entries <> 0 OR bytes <> 0"));
    }
}
