using System.Net;
using System.Text.Json;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

/// <summary>Requests whose fields leave no token to choose.</summary>
public sealed class AllowedTokenRulesTests
{
    private const string A = "\"allowed_token_ids\":[<a>]";

    [Theory]
    [InlineData("\"allowed_token_ids\":[]", "empty array")]
    [InlineData("\"allowed_token_ids\":[-1]", "token id -1 is not in the vocabulary")]
    [InlineData("\"allowed_token_ids\":[99999999]", "token id 99999999 is not in the vocabulary")]
    [InlineData("\"allowed_token_ids\":[<a>,<a>],\"bad_words\":[\"a\"]", "'bad_words' forbids every one")]
    [InlineData("\"allowed_token_ids\":[<end>],\"min_tokens\":3", "'min_tokens' forbids the tokens that end an answer")]
    [InlineData("\"allowed_token_ids\":[<a>,<end>],\"bad_words\":[\"a\"],\"min_tokens\":1", "'min_tokens' forbids")]
    [InlineData("\"allowed_token_ids\":[<a>],\"stop_token_ids\":[<a>],\"min_tokens\":1", "'min_tokens' forbids")]
    public async Task What_forbids_every_allowed_token_is_a_400_that_names_it(string fields, string message)
    {
        (HttpStatusCode status, JsonElement body) = await AskAsync(fields);
        Assert.Equal(HttpStatusCode.BadRequest, status);
        Assert.Equal("allowed_token_ids", body.GetProperty("error").GetProperty("param").GetString());
        Assert.Contains(message, body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(A)]
    [InlineData(A + ",\"bad_words\":[\"b\"]")]
    [InlineData(A + ",\"min_tokens\":3")]
    [InlineData("\"allowed_token_ids\":[<a>,<end>],\"min_tokens\":3")]
    [InlineData("\"allowed_token_ids\":[<end>],\"min_tokens\":3,\"ignore_eos\":true")]
    [InlineData(A + ",\"logit_bias\":{\"<a>\":-100}")] // a bias is no ban: the only token there is stays the likeliest
    public async Task What_leaves_a_token_is_served(string fields) => Assert.Equal(HttpStatusCode.OK, (await AskAsync(fields)).Status);

    [Theory]
    [InlineData("bad_words", "[{0}]", "\"w{0}\"")]
    [InlineData("stop_token_ids", "[{0}]", "1")]
    [InlineData("logit_bias", "{{{0}}}", "\"{0}\":1")]
    public async Task Lists_that_every_step_walks_are_bounded(string field, string list, string entry)
    {
        static string Format(string format, object value) => string.Format(System.Globalization.CultureInfo.InvariantCulture, format, value);
        string Fields(int count) => $"\"{field}\":{Format(list, string.Join(',', Enumerable.Range(0, count).Select(i => Format(entry, i))))}";
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(Fields(1024))).Status);
        (HttpStatusCode status, JsonElement body) = await AskAsync(Fields(1025));
        Assert.Equal((HttpStatusCode.BadRequest, field), (status, body.GetProperty("error").GetProperty("param").GetString()));
        Assert.Contains("1024", body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(string fields)
    {
        fields = fields
            .Replace("<a>", $"{Assert.Single(ServerUnderTest.Tokenizer.EncodeText("a"))}", StringComparison.Ordinal)
            .Replace("<end>", $"{Script.EndOfTurn}", StringComparison.Ordinal);
        await using var server = new ServerUnderTest(Script.Saying("a"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, "/v1/completions", $$"""{"model":"gemma-4-demo","prompt":"Hi",{{fields}}}""");
        return (response.StatusCode, await ServerUnderTest.JsonAsync(response));
    }
}
