using Gemma4.Server.OpenAI.Files;
using Gemma4.Server.OpenAI.Responses;
using Gemma4.Server.Settings;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Xunit;

namespace Gemma4.Server.Tests.Storage;

public sealed class DatabaseCopyTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("sqlite", "postgres")]
    [InlineData("postgres", "sqlite")]
    public async Task All_that_is_kept_is_there_after_a_copy_and_more_can_be_kept(string from, string to)
    {
        await using TestStorage source = await TestStorage.OpenAsync(from, postgres);
        await using TestStorage target = await TestStorage.OpenAsync(to, postgres);
        CallerResponses mine = source.Of("me");
        string longText = new('x', 50_000);
        for (int i = 0; i < 70; i++)
            Assert.True(await mine.TryKeepAsync(SampleResponses.Of($"r{i}", longText, i == 0 ? null : await mine.ConversationAsync($"r{i - 1}", Cancelled))));
        Assert.True(await mine.RemoveAsync("r5", Cancelled));
        await mine.QueueAsync(SampleResponses.Queued("job"), new ResponseRequest { Model = "m", Background = true }, Cancelled);
        var owner = new Gemma4.Server.Access.Caller("me");
        byte[] content = new byte[(17 * FileStore.PartBytes) + 5];
        new Random(3).NextBytes(content);
        FileContent written = await source.Files.WriteAsync(owner, new MemoryStream(content), Cancelled);
        var file = new StoredFile { Id = "file-1", Bytes = content.Length, CreatedAt = 0, Filename = "f", Purpose = "user_data" };
        await source.Files.AddAsync(owner, file, written, Cancelled);

        Assert.True(await DatabaseCopy.RunAsync(source.Database, target.Database, Cancelled) > 200);

        EarlierItems all = (await target.Of("me").ConversationAsync("r69", Cancelled))!;
        Assert.Equal(SampleResponses.Texts((await mine.ConversationAsync("r69", Cancelled))!.Items), SampleResponses.Texts(all.Items));
        Assert.Null(await target.Of("me").FindAsync("r5", Cancelled));
        Assert.True((await target.Of("me").ProgressAsync("job", Cancelled))!.IsRunning);
        byte[] copied = new byte[content.Length];
        await using (Stream stream = target.Files.Open(owner, file))
            await stream.ReadExactlyAsync(copied, Cancelled);
        Assert.Equal(content, copied);
        Assert.True(await target.Of("me").TryKeepAsync(SampleResponses.Of("later", new string('y', 5000), all)));
        Assert.True(await target.Of("me").RemoveAsync("later", Cancelled));
        foreach (string sum in (string[])["SELECT COUNT(*) FROM entries", "SELECT COUNT(*) FROM items", "SELECT CAST(SUM(bytes + file_bytes) AS BIGINT) FROM holdings", "SELECT COUNT(*) FROM blob_parts"])
            Assert.Equal(await source.NumberAsync(sum), await target.NumberAsync(sum));
        Assert.Contains("keeps something already", (await Assert.ThrowsAsync<OptionsException>(() => DatabaseCopy.RunAsync(source.Database, target.Database, Cancelled))).Message, StringComparison.Ordinal);
    }
}
