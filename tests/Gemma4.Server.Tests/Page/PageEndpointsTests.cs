using System.Net;
using System.Net.Http.Headers;
using System.Text.RegularExpressions;
using Gemma4.Server.Page;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Page;

/// <summary>What is at <c>/</c>, with which headers, and that the page's files keep their promises.</summary>
public sealed partial class PageEndpointsTests
{
    private const string Browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

    public static TheoryData<string> Files => [.. PageFile.LoadAll().Select(file => file.Name)];

    [Theory]
    [InlineData(Browser, true)]
    [InlineData("text/html", true)]
    [InlineData("text/html;q=0", false)]
    [InlineData("*/*", false)]
    [InlineData("application/json", false)]
    [InlineData(";;,/,text", false)]
    [InlineData(null, false)]
    public async Task A_browser_gets_the_page_and_a_program_gets_words(string? accept, bool isPage)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage answer = await GetAsync(client, "/", accept);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal(isPage ? "text/html" : "text/plain", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("Accept", answer.Headers.Vary);
        string text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith(isPage ? "<!doctype html>" : "A Gemma 4 is served here.", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_told_so_has_no_page()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:NoPage", "true"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage root = await GetAsync(client, "/", Browser);
        Assert.Equal("text/plain", root.Content.Headers.ContentType?.MediaType);
        using HttpResponseMessage file = await GetAsync(client, "/page/app.js", Browser);
        Assert.Equal(HttpStatusCode.NotFound, file.StatusCode);
        Assert.Equal("application/json", file.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public async Task A_file_is_sent_as_what_it_is_under_the_policy_and_only_where_it_changed(string name)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"), ("Server:ApiKeys:0", "sk-right-key"));
        using HttpClient client = await server.ReadyClientAsync();
        string path = name == PageFile.Index ? "/" : $"{PageEndpoints.Folder}/{name}";
        using HttpResponseMessage answer = await GetAsync(client, path, Browser);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        string type = name[name.LastIndexOf('.')..] switch { ".html" => "text/html", ".css" => "text/css", ".js" => "text/javascript", _ => "image/svg+xml" };
        Assert.Equal(type, answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal(PageEndpoints.ContentPolicy, Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("no-referrer", Assert.Single(answer.Headers.GetValues("Referrer-Policy")));
        Assert.True(answer.Headers.CacheControl?.NoCache);
        Assert.Equal(PageFile.LoadAll().Single(file => file.Name == name).Content, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));

        using HttpResponseMessage again = await GetAsync(client, path, Browser, answer.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        Assert.Equal(PageEndpoints.ContentPolicy, Assert.Single(again.Headers.GetValues("Content-Security-Policy")));
        using HttpResponseMessage changed = await GetAsync(client, path, Browser, new EntityTagHeaderValue("\"other\""));
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void A_file_loads_nothing_but_the_pages_own_and_makes_no_markup_of_text(string name)
    {
        string text = Text(name);
        string[] hosts = [.. Address().Matches(text).Select(match => match.Value).Where(url => !url.StartsWith("http://www.w3.org/2000/svg", StringComparison.Ordinal))];
        Assert.Empty(hosts);
        Assert.DoesNotMatch(@"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment|DOMParser|srcdoc", text);
        if (name.EndsWith(".html", StringComparison.Ordinal))
            Assert.DoesNotMatch(@"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)|<base", text);
        string[] named = [.. Reference().Matches(text).Select(match => match.Groups[1].Value)];
        Assert.Empty(named.Except(PageFile.LoadAll().Select(file => file.Name)));
    }

    [Fact]
    public void Every_file_is_used()
    {
        string[] named = [.. PageFile.LoadAll().SelectMany(file => Reference().Matches(Text(file.Name))).Select(match => match.Groups[1].Value).Distinct()];
        Assert.Equal(PageFile.LoadAll().Select(file => file.Name).Where(name => name != PageFile.Index), named.Order(StringComparer.Ordinal));
    }

    private static string Text(string name) => System.Text.Encoding.UTF8.GetString(PageFile.LoadAll().Single(file => file.Name == name).Content);

    private static Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string? accept, EntityTagHeaderValue? known = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (accept is not null)
            request.Headers.TryAddWithoutValidation("Accept", accept);
        if (known is not null)
            request.Headers.IfNoneMatch.Add(known);
        return client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>An address of another host; the schemes alone stand in checks of links.</summary>
    [GeneratedRegex(@"(?:https?:)?//[a-z0-9][\w.-]*\.[a-z]{2,}[^\s""'`)]*", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    /// <summary>A file that the page or one of its modules loads.</summary>
    [GeneratedRegex(@"(?:""page/|from ""\./)([\w.-]+)""")]
    private static partial Regex Reference();
}
