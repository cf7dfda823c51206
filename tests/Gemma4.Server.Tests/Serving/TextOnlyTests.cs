using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Serving;

/// <summary>A server for text alone: it answers without libtorch, which is what is served where there is none, and refuses media by name.</summary>
public sealed class TextOnlyTests
{
    [Fact]
    public async Task Text_is_served_without_libtorch_and_media_are_refused_by_name()
    {
        await using var server = new ServerProcess("--port", "0", "--model", RepositoryPaths.DemoModel, "--any-model", "--text-only", "--device", "cpu", "--threads", "1");
        using var client = new HttpClient { BaseAddress = await server.ReadyAsync() };
        await server.LineAsync(new Regex("Images, videos and audio clips are refused: the server was started with --text-only"));
        Assert.Contains("Paris", await (await AskAsync(client, "What is the capital of France?")).Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        HttpResponseMessage refused = await AskAsync(client, new object[]
        {
            new { type = "image_url", image_url = new { url = TestMedia.DataUrl(TestMedia.Read("thumb.png"), "image/png") } },
        });
        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        using JsonDocument error = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("--text-only", error.RootElement.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        if (OperatingSystem.IsLinux())
            Assert.DoesNotMatch("(?i)torch|libgomp|libc10", server.MappedFiles.Replace("TorchSharp.dll", "", StringComparison.Ordinal));
    }

    private static Task<HttpResponseMessage> AskAsync(HttpClient client, object content) => client.PostAsJsonAsync(
        "/v1/chat/completions",
        new { model = "demo-model", temperature = 0, messages = new[] { new { role = "user", content } } },
        TestContext.Current.CancellationToken);
}
