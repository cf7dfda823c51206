using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Engine.Vision;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Budgets of images, in every API and in results of tools.</summary>
public sealed class MediaBudgetTests
{
    private static readonly string Thumb = TestMedia.DataUrl("thumb.png", "image/png");

    public static TheoryData<string> Apis() => [.. MediaRequests.Apis];

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Every_budget_is_kept_and_usage_tells_what_each_image_cost(string api)
    {
        FakeEngine engine = Script.Saying("An image.");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        foreach (int budget in SoftTokenBudget.Allowed)
        {
            string parts = $"{MediaRequests.Image(api, Thumb, $",\"max_soft_tokens\":{budget}")},{MediaRequests.Image(api, Thumb)}";
            JsonElement answer = await AnswerAsync(client, api, MediaRequests.Body(api, parts, ",\"mm_processor_kwargs\":{\"max_soft_tokens\":140}"));
            int[] seen = [.. engine.Requests.Last().Media.Cast<MediaItem.Image>().Select(i => i.NumSoftTokens)];
            Assert.InRange(seen[0], budget / 2 + 1, budget);
            Assert.InRange(seen[1], 71, 140); // the request's number, for an image that does not say
            JsonElement costs = MediaRequests.Costs(api, answer);
            Assert.Equal(seen, costs.GetProperty("image_tokens_each").EnumerateArray().Select(t => t.GetInt32()));
            Assert.Equal(seen.Sum(), costs.GetProperty("image_tokens").GetInt32());
        }
    }

    [Theory]
    [MemberData(nameof(Apis))]
    public async Task Request_without_images_says_nothing_of_them(string api)
    {
        await using var server = new ServerUnderTest(Script.Saying("Yes."));
        using HttpClient client = await server.ReadyClientAsync();
        string text = api.StartsWith("responses", StringComparison.Ordinal) ? "input_text" : "text";
        JsonElement answer = await AnswerAsync(client, api, MediaRequests.Body(api, $$"""{"type":"{{text}}","text":"Hi"}"""));
        Assert.False(MediaRequests.Costs(api, answer).TryGetProperty("image_tokens", out _));
    }

    public static TheoryData<string, string, string> Places()
    {
        var places = new TheoryData<string, string, string>();
        foreach (string api in MediaRequests.Apis)
        {
            places.Add(api, MediaRequests.Body(api, MediaRequests.Image(api, Thumb, ",\"max_soft_tokens\":#")), MediaRequests.PartPath(api) + ".max_soft_tokens");
            places.Add(api, MediaRequests.Body(api, MediaRequests.Image(api, Thumb), ",\"mm_processor_kwargs\":{\"max_soft_tokens\":#}"), "mm_processor_kwargs.max_soft_tokens");
        }
        foreach (string api in (string[])["chat", "chat tool"])
        {
            string inside = $$$"""{"type":"image_url","image_url":{"url":"{{{Thumb}}}","max_soft_tokens":#}}""";
            places.Add(api, MediaRequests.Body(api, inside), MediaRequests.PartPath(api) + ".image_url.max_soft_tokens");
        }
        return places;
    }

    [Theory]
    [MemberData(nameof(Places))]
    public async Task Number_that_is_no_budget_is_refused_where_it_stands_naming_the_five(string api, string body, string param)
    {
        FakeEngine engine = Script.Saying("never");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        foreach (int budget in (int[])[0, 100, 1121, -70])
        {
            using HttpResponseMessage response = await ServerUnderTest.PostAsync(
                client, MediaRequests.Path(api), body.Replace("#", $"{budget}", StringComparison.Ordinal));
            JsonElement answer = await ServerUnderTest.JsonAsync(response);
            Assert.Equal((HttpStatusCode.BadRequest, param), (response.StatusCode, MediaRequests.Param(api, answer)));
            Assert.Contains(
                $"'{budget}'. Supported values are: '70', '140', '280', '560', and '1120'", answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }
        Assert.Empty(engine.Requests);
    }

    [Theory]
    [InlineData("chat", "image_url.detail")]
    [InlineData("responses", "detail")]
    public async Task Word_that_is_no_detail_is_refused_where_it_stands(string api, string field)
    {
        await using var server = new ServerUnderTest(Script.Saying("never"));
        using HttpClient client = await server.ReadyClientAsync();
        string part = MediaRequests.Image(api, Thumb, ",\"detail\":\"ultra\"");
        part = api == "chat" ? part.Replace("},\"detail\":\"ultra\"", ",\"detail\":\"ultra\"}", StringComparison.Ordinal) : part;
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), MediaRequests.Body(api, part));
        Assert.Equal($"{MediaRequests.PartPath(api)}.{field}", MediaRequests.Param(api, await ServerUnderTest.JsonAsync(response)));
    }

    private static async Task<JsonElement> AnswerAsync(HttpClient client, string api, string body)
    {
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, MediaRequests.Path(api), body);
        JsonElement answer = await ServerUnderTest.JsonAsync(response);
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return answer;
    }
}
