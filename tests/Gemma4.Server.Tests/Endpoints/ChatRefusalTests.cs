using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Tests.Pipeline;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>Requests whose fields are right one by one and wrong together, or that the engine refuses: status, code and param.</summary>
public sealed class ChatRefusalTests
{
    private const string User = """{"role":"user","content":"hi"}""";

    private const string Calls = """{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}""";

    private const string Tools = """
        "tools":[{"type":"function","function":{"name":"f"}}]
        """;

    [Theory]
    [InlineData("\"max_tokens\":5,\"max_completion_tokens\":5", "invalid_parameter_combination", "max_tokens")]
    [InlineData("\"max_tokens\":9000", null, "max_tokens")]
    [InlineData("\"stream_options\":{}", null, "stream_options")]
    [InlineData("\"top_logprobs\":3", null, "top_logprobs")]
    [InlineData("\"logprobs\":false,\"top_logprobs\":3", null, "top_logprobs")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "array_above_max_length", "stop")]
    [InlineData("\"logit_bias\":{\"hello\":5}", null, "logit_bias")]
    [InlineData("\"logit_bias\":{\"100\":101}", null, "logit_bias")]
    [InlineData("\"logit_bias\":{\"99999999\":1}", null, "logit_bias")]
    [InlineData("\"modalities\":[\"text\",\"audio\"]", "unsupported_value", "modalities")]
    [InlineData("\"tool_choice\":\"required\"", null, "tool_choice")]
    [InlineData(Tools + ",\"tool_choice\":\"always\"", "invalid_value", "tool_choice")]
    [InlineData(Tools + ",\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}", "invalid_value", "tool_choice")]
    [InlineData(Tools + ",\"tool_choice\":{\"type\":\"function\"}", "missing_required_parameter", "tool_choice.function")]
    [InlineData(Tools + ",\"functions\":[]", "invalid_parameter_combination", "functions")]
    [InlineData("\"functions\":[]", "unsupported_parameter", "functions")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "missing_required_parameter", "tools[0].function")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "missing_required_parameter", "response_format.json_schema")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"strict\":true,\"schema\":{\"type\":\"array\"}}}", null, "response_format")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"$ref\":\"#/$defs/nope\"}}}", null, "response_format")]
    [InlineData("\"response_format\":{\"type\":\"json_object\"},\"guided_regex\":\"a\"", "invalid_parameter_combination", "guided_regex")]
    [InlineData("\"guided_regex\":\"(\"", "invalid_value", "guided_regex")]
    [InlineData("\"stop_token_ids\":[99999999]", "invalid_value", "stop_token_ids")]
    [InlineData("\"metadata\":{\"k\":\"LONG\"}", "string_above_max_length", "metadata.k")]
    [InlineData("\"continue_final_message\":true", "invalid_value", "continue_final_message")]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":1}", "invalid_type", "chat_template_kwargs.enable_thinking")]
    public Task Fields_that_do_not_go_together_are_refused(string fields, string? code, string param) => RefusedAsync(
        ChatEndpointsTests.Body(fields.Replace("LONG", new string('x', 513), StringComparison.Ordinal)), 400, code, param);

    [Theory]
    [InlineData("""{"role":"user","content":null}""", null, "messages.[0].content")]
    [InlineData("""{"role":"user","content":[]}""", "empty_array", "messages[0].content")]
    [InlineData("""{"role":"user","content":[{"type":"text"}]}""", "missing_required_parameter", "messages[0].content[0].text")]
    [InlineData("""{"role":"user","content":[{"type":"file","file":{"file_id":"f"}}]}""", "file_not_found", "messages[0].content[0].file.file_id")]
    [InlineData("""{"role":"user","content":[{"type":"input_text","text":"a"}]}""", "invalid_value", "messages[0].content[0].type")]
    [InlineData("""{"role":"system","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}""", "invalid_value", "messages[0].content[0].type")]
    [InlineData(User + ",{\"role\":\"assistant\"}," + User, null, "messages.[1].content")]
    [InlineData(User + ",{\"role\":\"tool\",\"tool_call_id\":\"call_1\",\"content\":\"x\"}", null, "messages.[1].role")]
    [InlineData(User + "," + Calls + ",{\"role\":\"tool\",\"content\":\"x\"}", "missing_required_parameter", "messages[2].tool_call_id")]
    [InlineData(User + "," + Calls + ",{\"role\":\"tool\",\"tool_call_id\":\"call_9\",\"content\":\"x\"}", null, "messages.[2].tool_call_id")]
    [InlineData(User + "," + Calls + "," + User, null, "messages.[2].role")]
    [InlineData(User + "," + Calls, null, "messages.[1].role")]
    public Task Messages_that_make_no_conversation_are_refused(string messages, string? code, string param) =>
        RefusedAsync($$"""{"model":"gemma-4-demo","messages":[{{messages}}]}""", 400, code, param);

    [Fact]
    public async Task The_model_is_looked_at_before_the_fields()
    {
        await RefusedAsync("""{"model":"other","messages":5}""", 404, "model_not_found", null);
        await RefusedAsync("""{"messages":5}""", 400, null, null);
    }

    [Theory]
    [InlineData(RejectionReason.QueueFull, 429, "rate_limit_error", "rate_limit_exceeded", true)]
    [InlineData(RejectionReason.Unavailable, 503, "server_error", null, true)]
    [InlineData(RejectionReason.InvalidRequest, 400, "invalid_request_error", null, false)]
    public async Task What_the_engine_refuses_is_a_status_also_for_streams(RejectionReason reason, int status, string type, string? code, bool mayRetry)
    {
        FakeEngine engine = Script.Saying("x");
        engine.Rejection = new RequestRejectedException(reason, "not now");
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", ChatEndpointsTests.Body("\"stream\":true"));
        await ErrorShapeTests.AssertErrorAsync(response, status, type, null, code, "not now");
        Assert.Equal(mayRetry, response.Headers.RetryAfter is not null);
    }

    private static async Task RefusedAsync(string body, int status, string? code, string? param)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", body);
        await ErrorShapeTests.AssertErrorAsync(response, status, "invalid_request_error", param, code, null);
    }
}
