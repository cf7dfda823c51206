using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Gemma4.Server.Storage;
using Gemma4.Server.Storage.Databases;
using Gemma4.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class FileEndpointsTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_file_is_kept_read_whole_and_in_ranges_listed_and_deleted()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        byte[] content = new byte[(2 * FileStore.PartBytes) + 12_345];
        new Random(1).NextBytes(content);
        JsonElement file = await SendAsync(client, content, "user_data", "odd name.bin");
        Assert.Matches("^file-[a-zA-Z0-9]{24}$", Id(file));
        Assert.Equal(("file", content.Length, "user_data", "processed"), (Text(file, "object"), file.GetProperty("bytes").GetInt32(), Text(file, "purpose"), Text(file, "status")));
        Assert.Equal("odd name.bin", Text(file, "filename"));
        Assert.Equal(file.GetRawText(), await client.GetStringAsync($"/v1/files/{Id(file)}", Cancelled));
        Assert.Equal(content, await client.GetByteArrayAsync($"/v1/files/{Id(file)}/content", Cancelled));
        using var part = new HttpRequestMessage(HttpMethod.Get, $"/v1/files/{Id(file)}/content") { Headers = { Range = new RangeHeaderValue(FileStore.PartBytes - 10, FileStore.PartBytes + 9) } };
        using HttpResponseMessage range = await client.SendAsync(part, Cancelled);
        Assert.Equal(HttpStatusCode.PartialContent, range.StatusCode);
        Assert.Equal(content[(FileStore.PartBytes - 10)..(FileStore.PartBytes + 10)], await range.Content.ReadAsByteArrayAsync(Cancelled));
        JsonElement second = await SendAsync(client, "{}"u8.ToArray(), "batch", "b.jsonl");
        Assert.Equal([Id(second), Id(file)], await IdsAsync(client, ""));
        Assert.Equal([Id(file)], await IdsAsync(client, "?purpose=user_data"));
        Assert.Equal([Id(second)], await IdsAsync(client, $"?order=asc&after={Id(file)}&limit=1"));
        using HttpResponseMessage deleted = await client.DeleteAsync($"/v1/files/{Id(file)}", Cancelled);
        Assert.True((await ServerUnderTest.JsonAsync(deleted)).GetProperty("deleted").GetBoolean());
        foreach (string path in (string[])["", "/content"])
        {
            using HttpResponseMessage gone = await client.GetAsync($"/v1/files/{Id(file)}{path}", Cancelled);
            Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        }
        Assert.Equal([Id(second)], await IdsAsync(client, ""));
        Assert.Equal(2, await NumberAsync(server, "SELECT file_bytes FROM holdings"));
    }

    [Theory]
    [InlineData("../../etc/passwd", "passwd")]
    [InlineData("C:\\data\\a.txt", "a.txt")]
    [InlineData("a\r\nb\0", "ab")]
    [InlineData("..", "..")]
    [InlineData("/", "file")]
    public void A_name_has_no_folders_and_no_control_characters(string given, string kept) => Assert.Equal(kept, Gemma4.Server.Mapping.Files.FileUpload.NameOf(given));

    [Fact]
    public async Task The_same_content_is_kept_once_and_an_empty_file_is_one()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        byte[] content = new byte[100_000];
        JsonElement first = await SendAsync(client, content, "vision", "a"), second = await SendAsync(client, content, "vision", "b");
        Assert.Equal(100_000, await NumberAsync(server, "SELECT file_bytes FROM holdings"));
        await client.DeleteAsync($"/v1/files/{Id(first)}", Cancelled);
        Assert.Equal(content, await client.GetByteArrayAsync($"/v1/files/{Id(second)}/content", Cancelled));
        await client.DeleteAsync($"/v1/files/{Id(second)}", Cancelled);
        Assert.Equal(0, await NumberAsync(server, "SELECT COUNT(*) FROM blobs"));
        Assert.Empty(await client.GetByteArrayAsync($"/v1/files/{Id(await SendAsync(client, [], "user_data", "empty"))}/content", Cancelled));
    }

    [Fact]
    public async Task Files_do_not_push_out_what_else_is_kept_and_are_not_forgotten_by_age()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Storage:MaxMegabytes", "1"), ("Storage:MaxFileMegabytes", "3"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage kept = await ServerUnderTest.PostAsync(client, "/v1/responses", """{"model":"gemma-4-demo","input":"Hi"}""");
        await SendAsync(client, new byte[2_500_000], "user_data", "large");
        using HttpResponseMessage refused = await PostAsync(client, new byte[600_000].Select((_, i) => (byte)i).ToArray(), "user_data", "more");
        Assert.Equal((413, "file_too_large"), ((int)refused.StatusCode, Text((await ServerUnderTest.JsonAsync(refused)).GetProperty("error"), "code")));
        Assert.Equal(2_500_000, await NumberAsync(server, "SELECT file_bytes FROM holdings"));
        using HttpResponseMessage there = await client.GetAsync($"/v1/responses/{Id(await ServerUnderTest.JsonAsync(kept))}", Cancelled);
        Assert.Equal(HttpStatusCode.OK, there.StatusCode);
    }

    [Fact]
    public async Task What_is_wrong_with_a_form_is_told_and_leaves_nothing_behind()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Storage:MaxFileBytes", "1000"));
        using HttpClient client = await server.ReadyClientAsync();
        foreach ((int size, string? purpose, int status, string? param) in ((int, string?, int, string?)[])
            [(10, null, 400, "purpose"), (10, "fine-tune", 400, "purpose"), (2000, "user_data", 413, "file"), (-1, "user_data", 400, "file")])
        {
            using HttpResponseMessage refused = await PostAsync(client, size < 0 ? null : new byte[size], purpose, "f");
            JsonElement error = (await ServerUnderTest.JsonAsync(refused)).GetProperty("error");
            Assert.Equal((status, param), ((int)refused.StatusCode, error.GetProperty("param").GetString()));
        }
        using HttpResponseMessage json = await ServerUnderTest.PostAsync(client, "/v1/files", "{}");
        Assert.Equal(400, (int)json.StatusCode);
        using HttpResponseMessage cut = await ServerUnderTest.PostAsync(
            client, "/v1/files", "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nhalf", "multipart/form-data; boundary=b");
        Assert.Equal(400, (int)cut.StatusCode);
        Assert.Equal((0, 0), (await NumberAsync(server, "SELECT COUNT(*) FROM blobs"), await NumberAsync(server, "SELECT COUNT(*) FROM entries")));
        Assert.Equal(0, await NumberAsync(server, "SELECT COALESCE(SUM(file_bytes), 0) FROM holdings"));
    }

    [Fact]
    public async Task A_file_that_expires_is_gone_then()
    {
        var time = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var server = new ServerUnderTest(Script.Saying("x")) { Time = time };
        using HttpClient client = await server.ReadyClientAsync();
        using var form = new MultipartFormDataContent
        {
            { new StringContent("user_data"), "purpose" },
            { new StringContent("created_at"), "expires_after[anchor]" },
            { new StringContent("3600"), "expires_after[seconds]" },
            { new ByteArrayContent("x"u8.ToArray()), "file", "f" },
        };
        JsonElement file = await ServerUnderTest.JsonAsync(await client.PostAsync("/v1/files", form, Cancelled));
        Assert.Equal(3600, file.GetProperty("expires_at").GetInt64() - file.GetProperty("created_at").GetInt64());
        JsonElement lasting = await SendAsync(client, "y"u8.ToArray(), "user_data", "g");
        time.Advance(TimeSpan.FromSeconds(3602));
        Assert.Equal([Id(lasting)], await IdsAsync(client, ""));
        using HttpResponseMessage gone = await client.GetAsync($"/v1/files/{Id(file)}", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        time.Advance(TimeSpan.FromDays(400));
        Assert.Equal([Id(lasting)], await IdsAsync(client, ""));
    }

    [Fact]
    public async Task Another_caller_does_not_see_it()
    {
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine, ("Server:ApiKeys:0", "mine"), ("Server:ApiKeys:1", "theirs")) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        client.DefaultRequestHeaders.Authorization = new("Bearer", "mine");
        string id = Id(await SendAsync(client, "secret"u8.ToArray(), "user_data", "f.txt"));
        client.DefaultRequestHeaders.Authorization = new("Bearer", "theirs");
        Assert.Empty(await IdsAsync(client, ""));
        foreach (string path in (string[])["", "/content"])
        {
            using HttpResponseMessage refused = await client.GetAsync($"/v1/files/{id}{path}", Cancelled);
            Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        }
        using HttpResponseMessage kept = await client.DeleteAsync($"/v1/files/{id}", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, kept.StatusCode);
        using HttpResponseMessage chat = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", Asks(id)["chat"]);
        Assert.Equal((400, "file_not_found"), ((int)chat.StatusCode, Text((await ServerUnderTest.JsonAsync(chat)).GetProperty("error"), "code")));
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("chat", "/v1/chat/completions")]
    [InlineData("responses", "/v1/responses")]
    [InlineData("messages", "/v1/messages")]
    public async Task Files_stand_in_requests_of_every_api_as_text_and_images(string api, string path)
    {
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        string text = Id(await SendAsync(client, "The sky is green today."u8.ToArray(), "user_data", "sky.txt"));
        using HttpResponseMessage read = await ServerUnderTest.PostAsync(client, path, Asks(text)[api]);
        Assert.True(read.IsSuccessStatusCode, await read.Content.ReadAsStringAsync(Cancelled));
        Assert.Contains("The sky is green today.", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
        byte[] shapes = await File.ReadAllBytesAsync(Path.Combine(RepositoryPaths.Root, "docs", "shapes.png"), Cancelled);
        string image = Id(await SendAsync(client, shapes, "vision", "shapes.png"));
        using HttpResponseMessage seen = await ServerUnderTest.PostAsync(client, path, Asks(image)[api]);
        Assert.True(seen.IsSuccessStatusCode, await seen.Content.ReadAsStringAsync(Cancelled));
        Assert.Single(engine.Requests.Last().Media);
        string nothing = Id(await SendAsync(client, [0, 1, 2, 255], "user_data", "nothing"));
        using HttpResponseMessage refused = await ServerUnderTest.PostAsync(client, path, Asks(nothing)[api]);
        Assert.Equal(400, (int)refused.StatusCode);
        Assert.Contains("neither text in UTF-8 nor an image", await refused.Content.ReadAsStringAsync(Cancelled), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_is_gone_on_from_with_its_file_until_that_is_deleted()
    {
        FakeEngine engine = Script.Saying("x");
        await using var server = new ServerUnderTest(engine) { TakesItsAnswers = false };
        using HttpClient client = await server.ReadyClientAsync();
        string file = Id(await SendAsync(client, "The sky is green today."u8.ToArray(), "user_data", "sky.txt"));
        string first = Id(await ServerUnderTest.JsonAsync(await ServerUnderTest.PostAsync(client, "/v1/responses", Asks(file)["responses"])));
        string next = $$"""{"model":"gemma-4-demo","input":"Why?","previous_response_id":"{{first}}"}""";
        using HttpResponseMessage second = await ServerUnderTest.PostAsync(client, "/v1/responses", next);
        Assert.True(second.IsSuccessStatusCode);
        Assert.Contains("green today", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
        Assert.Contains(file, await client.GetStringAsync($"/v1/responses/{first}/input_items", Cancelled), StringComparison.Ordinal);
        await client.DeleteAsync($"/v1/files/{file}", Cancelled);
        using HttpResponseMessage third = await ServerUnderTest.PostAsync(client, "/v1/responses", next);
        Assert.Equal((400, "file_not_found"), ((int)third.StatusCode, Text((await ServerUnderTest.JsonAsync(third)).GetProperty("error"), "code")));
    }

    /// <summary>A request of each API with a file in it.</summary>
    private static Dictionary<string, string> Asks(string id) => new()
    {
        ["chat"] = $$$"""{"model":"gemma-4-demo","messages":[{"role":"user","content":[{"type":"file","file":{"file_id":"{{{id}}}"}},{"type":"text","text":"?"}]}]}""",
        ["responses"] = $$"""{"model":"gemma-4-demo","input":[{"role":"user","content":[{"type":"input_file","file_id":"{{id}}"},{"type":"input_text","text":"?"}]}]}""",
        ["messages"] = $$$"""{"model":"gemma-4-demo","max_tokens":9,"messages":[{"role":"user","content":[{"type":"document","source":{"type":"file","file_id":"{{{id}}}"}},{"type":"text","text":"?"}]}]}""",
    };

    private static async Task<JsonElement> SendAsync(HttpClient client, byte[] content, string purpose, string name)
    {
        using HttpResponseMessage answer = await PostAsync(client, content, purpose, name);
        JsonElement json = await ServerUnderTest.JsonAsync(answer);
        Assert.True(answer.IsSuccessStatusCode, json.GetRawText());
        return json;
    }

    private static async Task<HttpResponseMessage> PostAsync(HttpClient client, byte[]? content, string? purpose, string name)
    {
        using var form = new MultipartFormDataContent();
        if (purpose is not null)
            form.Add(new StringContent(purpose, Encoding.UTF8), "purpose");
        else
            form.Add(new StringContent("x", Encoding.UTF8), "other");
        if (content is not null)
            form.Add(new ByteArrayContent(content), "file", name);
        return await client.PostAsync("/v1/files", form, Cancelled);
    }

    private static async Task<string[]> IdsAsync(HttpClient client, string query) =>
        [.. JsonElement.Parse(await client.GetStringAsync($"/v1/files{query}", Cancelled)).GetProperty("data").EnumerateArray().Select(Id)];

    private static async Task<long> NumberAsync(ServerUnderTest server, string sql) =>
        await server.Services.GetRequiredService<Database>().ReadAsync(async session => await session.NumberAsync(sql) ?? -1, Cancelled);

    private static string Id(JsonElement json) => Text(json, "id");

    private static string Text(JsonElement json, string name) => json.GetProperty(name).GetString()!;
}
