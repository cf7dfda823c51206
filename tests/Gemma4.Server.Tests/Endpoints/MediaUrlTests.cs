using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Tests.Media;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Media named by URLs, in every API and in results of tools: seen where that is allowed, a 400 that names the part elsewhere.</summary>
public sealed class MediaUrlTests : IDisposable
{
    private const string Ok = "HTTP/1.1 200 OK\r\n\r\n";
    private const string Allowed = "http://images.example.org/public/thumb.png";

    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("gemma4-urls-");
    private readonly string _folder;

    public MediaUrlTests()
    {
        _folder = _home.CreateSubdirectory("allowed").FullName;
        File.WriteAllBytes(Path.Combine(_folder, "a b.png"), TestMedia.Read("thumb.png"));
        File.WriteAllBytes(Path.Combine(_folder, "chirp.wav"), TestMedia.Read("chirp.wav"));
        File.WriteAllBytes(Path.Combine(_home.FullName, "secret.png"), TestMedia.Read("thumb.png"));
        File.CreateSymbolicLink(Path.Combine(_folder, "link.png"), Path.Combine(_home.FullName, "secret.png"));
    }

    public static TheoryData<string> Apis() => [.. MediaRequests.Apis];

    public void Dispose() => _home.Delete(recursive: true);

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Image_at_an_allowed_url_is_seen(string api)
    {
        await using var site = new TestSite(Ok) { Body = TestMedia.Read("thumb.png") };
        FakeEngine engine = Script.Saying("An image.");
        await SendAsync(site, engine, api, MediaRequests.Image(api, Allowed), HttpStatusCode.OK, ("Media:AllowedUrls:0", "http://images.example.org/public/"));
        Assert.IsType<MediaItem.Image>(Assert.Single(Assert.Single(engine.Requests).Media));
        Assert.Equal([$"{TestSite.PublicAddress}:80"], site.Connected);
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Image_at_another_url_is_refused_unconnected(string api)
    {
        await using var site = new TestSite(Ok) { Body = TestMedia.Read("thumb.png") };
        foreach (string url in (string[])["http://images.example.org/private/thumb.png", "http://example.com/thumb.png", "http://127.0.0.1/thumb.png"])
        {
            JsonElement answer = await SendAsync(
                site, Script.Saying("never"), api, MediaRequests.Image(api, url), HttpStatusCode.BadRequest, ("Media:AllowedUrls:0", "http://images.example.org/public/"));
            Assert.Equal(MediaRequests.UrlPath(api), MediaRequests.Param(api, answer));
        }
        Assert.Empty(site.Connected);
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Name_that_leads_into_this_network_is_refused_unconnected(string api)
    {
        await using var site = new TestSite(Ok) { Body = TestMedia.Read("thumb.png"), Addresses = "169.254.169.254" };
        JsonElement answer = await SendAsync(site, Script.Saying("never"), api, MediaRequests.Image(api, Allowed), HttpStatusCode.BadRequest, ("Media:AllowUrls", "true"));
        Assert.Equal(MediaRequests.UrlPath(api), MediaRequests.Param(api, answer));
        Assert.Contains("not public", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Empty(site.Connected);
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Image_below_the_allowed_folder_is_seen_and_nothing_else(string api)
    {
        FakeEngine engine = Script.Saying("An image.");
        await SendAsync(null, engine, api, MediaRequests.Image(api, $"file://{_folder}/a%20b.png"), HttpStatusCode.OK, ("Media:LocalFolder", _folder));
        Assert.Single(Assert.Single(engine.Requests).Media);
        foreach (string path in (string[])["/../secret.png", "/%2e%2e/secret.png", "/..%2fsecret.png", "/link.png", "/missing.png"])
        {
            JsonElement answer = await SendAsync(
                null, Script.Saying("never"), api, MediaRequests.Image(api, $"file://{_folder}{path}"), HttpStatusCode.BadRequest, ("Media:LocalFolder", _folder));
            Assert.Equal(MediaRequests.UrlPath(api), MediaRequests.Param(api, answer));
            Assert.Contains("does not exist or is not below", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("chat")]
    [InlineData("chat tool")]
    [InlineData("responses")]
    [InlineData("responses tool")]
    public async Task Audio_at_a_url_is_heard(string api)
    {
        string type = api.StartsWith("chat", StringComparison.Ordinal) ? "audio_url" : "input_audio";
        await using var site = new TestSite(Ok) { Body = TestMedia.Read("chirp.wav") };
        foreach (string url in (string[])["http://audio.example.org/chirp", $"file://{_folder}/chirp.wav", TestMedia.DataUrl("chirp.wav", "audio/wav")])
        {
            FakeEngine engine = Script.Saying("A chirp.");
            string part = $$"""{"type":"{{type}}","audio_url":"{{url}}"}""";
            await SendAsync(site, engine, api, part, HttpStatusCode.OK, ("Media:AllowUrls", "true"), ("Media:LocalFolder", _folder));
            Assert.Equal(33, Assert.IsType<MediaItem.Audio>(Assert.Single(Assert.Single(engine.Requests).Media)).NumSoftTokens);
        }
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Page_where_an_image_should_be_is_no_image(string api)
    {
        await using var site = new TestSite(Ok) { Body = "<html>Please log in.</html>"u8.ToArray() };
        JsonElement answer = await SendAsync(site, Script.Saying("never"), api, MediaRequests.Image(api, Allowed), HttpStatusCode.BadRequest, ("Media:AllowUrls", "true"));
        Assert.Equal(MediaRequests.UrlPath(api), MediaRequests.Param(api, answer));
    }

    [Fact]
    public async Task Conversation_that_is_cut_to_fit_fetches_its_images_once()
    {
        await using var site = new TestSite(Ok) { Body = TestMedia.Read("thumb.png") };
        FakeEngine engine = Script.Saying("An image.");
        await using var server = new ServerUnderTest(engine, ("Media:AllowUrls", "true")) { Fetcher = site.Fetcher };
        using HttpClient client = await server.ReadyClientAsync();
        string image = MediaRequests.Image("responses", Allowed);
        string words = string.Concat(Enumerable.Repeat("word ", 6000));
        string Turn(string text) => $$"""{"role":"user","content":[{{image}},{"type":"input_text","text":"{{text}}"}]},{"role":"assistant","content":"Ok"}""";
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/responses", $$"""
            {"model":"{{ServerUnderTest.Model}}","truncation":"auto","input":[{{Turn(words)}},{{Turn(words)}},{{Turn(words)}},{"role":"user","content":[{{image}}]}]}
            """);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, Assert.Single(engine.Requests).Media.Length); // as many turns as fit
        Assert.Equal(4, site.Connections); // not once more for each turn that was dropped
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Type_that_is_no_image_is_refused_naming_the_part_in_words(string api)
    {
        JsonElement answer = await SendAsync(
            null, Script.Saying("never"), api, MediaRequests.Image(api, "data:text/plain;base64,aGVsbG8="), HttpStatusCode.BadRequest);
        Assert.Contains($"Only image types are supported in '{MediaRequests.UrlPath(api)}'", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> SendAsync(
        TestSite? site, FakeEngine engine, string api, string part, HttpStatusCode expected, params (string Key, string Value)[] settings)
    {
        await using var server = new ServerUnderTest(engine, settings) { Fetcher = site is null ? null : site.Fetcher };
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), MediaRequests.Body(api, part));
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.StatusCode == expected, answer.GetRawText());
        return answer;
    }
}
