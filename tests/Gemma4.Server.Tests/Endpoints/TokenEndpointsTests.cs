using System.Text.Json;
using Gemma4.Server.Tests.Pipeline;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class TokenEndpointsTests
{
    [Fact]
    public async Task Text_becomes_the_tokenizers_tokens_behind_bos()
    {
        JsonElement answer = await PostAsync("/tokenize", """{"prompt":"Hello there","return_token_strs":true}""");
        int[] tokens = [.. answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        Assert.Equal([ServerUnderTest.Tokenizer.Special.Bos!.Value, .. ServerUnderTest.Tokenizer.EncodeText("Hello there")], tokens);
        Assert.Equal(tokens.Length, answer.GetProperty("count").GetInt32());
        Assert.Equal("<bos>", answer.GetProperty("token_strs")[0].GetString());
        Assert.Equal(8192, answer.GetProperty("max_model_len").GetInt32());
    }

    [Theory]
    [InlineData("false", false)]
    [InlineData("true", true)]
    public async Task Control_tokens_in_text_are_text_unless_asked_for(string parse, bool isControl)
    {
        JsonElement answer = await PostAsync("/tokenize", $$"""{"prompt":"<turn|>","add_special_tokens":false,"parse_special_tokens":{{parse}}}""");
        bool found = answer.GetProperty("tokens").EnumerateArray().Any(t => t.GetInt32() == ServerUnderTest.Tokenizer.Special.TurnEnd);
        Assert.Equal(isControl, found);
    }

    [Fact]
    public async Task Tokens_become_text_again()
    {
        int[] tokens = ServerUnderTest.Tokenizer.EncodeText("Grüße, 世界 😀");
        JsonElement answer = await PostAsync("/detokenize", $$"""{"model":"gemma-4-demo","tokens":[{{string.Join(',', tokens)}}]}""");
        Assert.Equal("Grüße, 世界 😀", answer.GetProperty("prompt").GetString());
    }

    [Fact]
    public async Task A_conversation_becomes_the_tokens_that_chat_would_send()
    {
        const string messages = """
            "messages":[{"role":"user","content":"Hi"}],"chat_template_kwargs":{"enable_thinking":true}
            """;
        JsonElement tokens = await PostAsync("/tokenize", $"{{{messages}}}");
        JsonElement shown = await PostAsync("/v1/chat/completions/render", $"{{\"model\":\"gemma-4-demo\",{messages}}}");
        Assert.Equal(shown.GetProperty("token_ids").GetRawText(), tokens.GetProperty("tokens").GetRawText());
    }

    [Theory]
    [InlineData("/detokenize", """{"tokens":[99999999]}""", "tokens", "invalid_value", 400)]
    [InlineData("/detokenize", """{}""", "tokens", "missing_required_parameter", 400)]
    [InlineData("/tokenize", """{}""", "prompt", "invalid_parameter_combination", 400)]
    [InlineData("/tokenize", """{"model":"other","prompt":"a"}""", null, "model_not_found", 404)]
    public async Task A_wrong_request_is_refused(string path, string body, string? param, string code, int status)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, body);
        await ErrorShapeTests.AssertErrorAsync(response, status, "invalid_request_error", param, code, null);
    }

    private static async Task<JsonElement> PostAsync(string path, string body)
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying());
        using HttpClient client = await server.ReadyClientAsync();
        return await ServerUnderTest.JsonAsync(await ServerUnderTest.PostAsync(client, path, body));
    }
}
