using System.Net;
using Gemma4.Server.Hub;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Gemma4.Server.Tests.Hub;

/// <summary>What a hub refuses, and what its list may not say.</summary>
public sealed class HubErrorTests : IDisposable
{
    private readonly HubCacheFolder _cache = new();

    [Fact]
    public async Task A_gated_model_says_how_to_get_in()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000), token: "hf_secret");
        string message = await _cache.FailureAsync(hub, settings: _cache.Settings(hub) with { Token = null });
        Assert.StartsWith("google/gemma-4-E2B-it is gated", message, StringComparison.Ordinal);
        Assert.Contains($"Open {hub.Endpoint}google/gemma-4-E2B-it, log in and accept", message, StringComparison.Ordinal);
        Assert.Contains("HF_TOKEN", message, StringComparison.Ordinal);
        Assert.Contains("/root/token", message, StringComparison.Ordinal);
        Assert.Contains("401: Access to model", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gated_model_whose_owner_has_not_let_the_token_in_is_told_apart()
    {
        string message = await AnsweredAsync(HttpStatusCode.Forbidden, "GatedRepo", "Access to model is restricted and you are not in the authorized list.", "hf_other");
        Assert.Contains("the token's owner has no access yet", message, StringComparison.Ordinal);
        Assert.DoesNotContain("hf_other", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(HttpStatusCode.Unauthorized, "RepoNotFound", "Repository not found", null, "has no model 'google/gemma-4-E2B-it', or it is private and no token was sent: set HF_TOKEN")]
    [InlineData(HttpStatusCode.Unauthorized, null, "Invalid username or password.", null, "has no model 'google/gemma-4-E2B-it'")]
    [InlineData(HttpStatusCode.NotFound, "RepoNotFound", "Repository not found", "hf_x", "the token's owner may not read it")]
    [InlineData(HttpStatusCode.Unauthorized, null, "Invalid credentials in Authorization header", "hf_x", "does not know the token")]
    [InlineData(HttpStatusCode.Forbidden, null, "Access to this resource is disabled.", null, "it may be disabled, or the token's permissions do not cover it")]
    [InlineData(HttpStatusCode.BadGateway, null, "", null, "502")]
    public async Task A_refusal_says_what_it_means(HttpStatusCode status, string? code, string said, string? token, string message) =>
        Assert.Contains(message, await AnsweredAsync(status, code, said, token), StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"error": "one"}""", "application/json", "400: one")]
    [InlineData("""{"error": ["one", "two", "one"]}""", "application/json", "400: one two")]
    [InlineData("""{"error": "invalid_grant", "error_description": "expired"}""", "application/json", "400: invalid_grant expired")]
    [InlineData("""{"errors": [{"message": "one"}, {"code": 5}, {"message": "two"}]}""", "application/json", "400: one two")]
    [InlineData("""{"error": {"deep": 1}, "errors": 5}""", "application/json", "400.")]
    [InlineData("plain words", "text/plain", "400: plain words")]
    [InlineData("<html>a proxy</html>", "text/html", "400.")]
    [InlineData("5", "application/json", "400.")]
    public async Task What_the_body_says_is_passed_on(string body, string type, string message)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync([]);
        hub.Interfere = async (context, _) =>
        {
            context.Response.StatusCode = 400;
            context.Response.ContentType = type;
            context.Response.Headers["x-request-id"] = "Root=1-5f";
            await context.Response.WriteAsync(body);
            return true;
        };
        string said = await _cache.FailureAsync(hub);
        Assert.Contains(message, said, StringComparison.Ordinal);
        Assert.Contains("[request Root=1-5f]", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_may_hand_on_pages_that_name_the_hub()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000), token: "hf_secret");
        hub.Interfere = (context, _) =>
        {
            context.Response.OnStarting(() =>
            {
                string link = context.Response.Headers.Link.ToString();
                context.Response.Headers.Link = link.Replace(hub.Endpoint.AbsoluteUri, "https://huggingface.co/", StringComparison.Ordinal);
                return Task.CompletedTask;
            });
            return Task.FromResult(false);
        };
        Assert.Equal(4, Directory.GetFiles((await _cache.PullAsync(hub)).Path).Length);
    }

    [Fact]
    public async Task What_a_server_says_cannot_move_the_cursor()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync([]);
        hub.Interfere = async (context, _) =>
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsync("{\"error\": \"\\u001b[2J\\nHello\\u202e" + new string('x', 5000) + "\"}");
            return true;
        };
        string message = await _cache.FailureAsync(hub);
        Assert.Contains("400: ?[2J?Hello?xxx", message, StringComparison.Ordinal);
        Assert.InRange(message.Length, 100, 600);
    }

    [Fact]
    public async Task A_revision_that_is_not_there_is_named()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        Assert.Contains("has no revision 'v9'", await _cache.FailureAsync(hub, ModelName.TryParse("google/gemma-4-E2B-it@v9")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../evil.safetensors", "leads out of its folder")]
    [InlineData("tokenizer/../../evil", null)]
    [InlineData("/etc/evil.gguf", null)]
    [InlineData("tokenizer.\u0001json", "leads out of its folder")]
    [InlineData("tokenizer\\..\\evil", "leads out of its folder")]
    [InlineData("tokenizer:stream", "leads out of its folder")]
    public async Task A_list_with_a_hostile_name_writes_nothing_outside(string path, string? message)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        hub.Listed = list => list.Append(new() { ["type"] = "file", ["path"] = path, ["size"] = 10, ["oid"] = new string('0', 40) });
        if (path.EndsWith(".gguf", StringComparison.Ordinal) || path.StartsWith("..", StringComparison.Ordinal))
            hub.Listed = list => [new() { ["type"] = "file", ["path"] = Path.ChangeExtension(path, ".gguf"), ["size"] = 10, ["oid"] = new string('0', 40) }];
        if (message is null && !path.EndsWith(".gguf", StringComparison.Ordinal))
            await _cache.PullAsync(hub); // not a file that a model needs, so it is not looked at
        else
            Assert.Contains(message ?? "leads out of its folder", await _cache.FailureAsync(hub), StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(_cache.Path, "*", SearchOption.AllDirectories), file => file.Contains("evil", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("../../../evil")]
    [InlineData("0123")]
    [InlineData("")]
    public async Task A_hash_that_is_none_is_refused(string hash)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        hub.Listed = list => list.Append(new() { ["type"] = "file", ["path"] = "tokenizer.model", ["size"] = 10, ["oid"] = hash });
        Assert.Contains("for a hash, which is none", await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_without_end_is_refused()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        Assert.Contains("more than 3 pages", await EndlessAsync(HubCacheFolder.Limits with { MaxPages = 3 }), StringComparison.Ordinal);
        Assert.Contains("more than 50 files", await EndlessAsync(HubCacheFolder.Limits with { MaxEntries = 50 }), StringComparison.Ordinal);
        Assert.Contains("for a list of files", await EndlessAsync(HubCacheFolder.Limits with { MaxPageBytes = 100 }), StringComparison.Ordinal);

        Task<string> EndlessAsync(HubLimits limits)
        {
            hub.Listed = list => Enumerable.Range(0, 1000).Select(i => new Dictionary<string, object> { ["type"] = "file", ["path"] = $"{i}", ["size"] = 1, ["oid"] = new string('0', 40) });
            return _cache.FailureAsync(hub, limits: limits);
        }
    }

    [Fact]
    public async Task Sizes_beyond_any_disk_are_refused()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        hub.Listed = list => list.Select(entry => entry["path"] is "tokenizer.json" or "config.json" ? new(entry) { ["size"] = long.MaxValue - 1, ["lfs"] = "no" } : entry);
        Assert.Contains("which no model has", await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"sha\": \"../../x\"}")]
    [InlineData("{\"sha\": 5}")]
    [InlineData("<html>")]
    public async Task What_is_no_hub_is_said_to_be_none(string body)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        hub.Interfere = async (context, _) =>
        {
            await context.Response.WriteAsync(body);
            return true;
        };
        Assert.Contains("Check HF_ENDPOINT", await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_goes_on_elsewhere_is_not_followed_with_the_token()
    {
        await using LoopbackHub elsewhere = await LoopbackHub.StartAsync([]), hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000), token: "hf_secret");
        hub.Interfere = (context, _) =>
        {
            if (context.Request.Path.Value!.Contains("/tree/", StringComparison.Ordinal))
                context.Response.OnStarting(() => Task.FromResult(context.Response.Headers.Link = $"<{elsewhere.Endpoint}api>; rel=\"next\""));
            return Task.FromResult(false);
        };
        Assert.Contains("continues its list of files", await _cache.FailureAsync(hub), StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Redirects_end()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000));
        hub.Interfere = (context, _) =>
        {
            context.Response.Redirect(context.Request.Path);
            return Task.FromResult(true);
        };
        Assert.Contains("redirects more than 5 times", await _cache.FailureAsync(hub), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_renamed_repository_is_followed_with_the_token()
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync(LoopbackHub.Model(5000), token: "hf_secret");
        hub.Interfere = (context, isStorage) =>
        {
            string path = context.Request.Path.Value!;
            if (!path.Contains("google/old", StringComparison.Ordinal))
                return Task.FromResult(false);
            context.Response.StatusCode = 307;
            context.Response.Headers.Location = path.Replace("google/old", LoopbackHub.Repository, StringComparison.Ordinal) + context.Request.QueryString;
            return Task.FromResult(true);
        };
        LocalModel model = await _cache.PullAsync(hub, ModelName.TryParse("google/old"));
        Assert.Contains("models--google--old", model.Path, StringComparison.Ordinal);
        Assert.Equal(4, Directory.GetFiles(model.Path).Length);
    }

    public void Dispose() => _cache.Dispose();

    private async Task<string> AnsweredAsync(HttpStatusCode status, string? code, string said, string? token)
    {
        await using LoopbackHub hub = await LoopbackHub.StartAsync([]);
        hub.Interfere = (context, _) => LoopbackHub.RefuseAsync(context, status, code, said);
        return await _cache.FailureAsync(hub, settings: _cache.Settings(hub) with { Token = token });
    }
}
