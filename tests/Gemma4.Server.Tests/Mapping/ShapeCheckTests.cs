using System.Text.Json;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping;
using Gemma4.Server.OpenAI;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

/// <summary>The first fault of a chat body by its own, with code, path and the API's words.</summary>
public sealed class ShapeCheckTests
{
    [Theory]
    [InlineData("""{"model":5}""", "invalid_type", "model", "Invalid type for 'model': expected a string, but got an integer instead.")]
    [InlineData("""{"model":"m"}""", "missing_required_parameter", "messages", "Missing required parameter: 'messages'.")]
    [InlineData("""{"model":"m","messages":null}""", "invalid_type", "messages", "Invalid type for 'messages': expected an array of objects, but got null instead.")]
    [InlineData("""{"model":"m","messages":[]}""", "empty_array", "messages", "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.")]
    [InlineData("""{"model":"m","messages":["hi"]}""", "invalid_type", "messages[0]", "Invalid type for 'messages[0]': expected an object, but got a string instead.")]
    [InlineData("""{"model":"m","messages":[{"content":"hi"}]}""", "missing_required_parameter", "messages[0].role", "Missing required parameter: 'messages[0].role'.")]
    [InlineData("""{"model":"m","messages":[{"role":"robot"}]}""", "invalid_value", "messages[0].role", "Invalid value: 'robot'. Supported values are: 'developer', 'system', 'user', 'assistant', 'tool', and 'function'.")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":{"a":1}}]}""", "invalid_type", "messages[0].content", "Invalid type for 'messages[0].content': expected one of a string or array of objects, but got an object instead.")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text"},"hi"]}]}""", "invalid_type", "messages[0].content[1]", "Invalid type for 'messages[0].content[1]': expected an object, but got a string instead.")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text","text":3}]}]}""", "invalid_type", "messages[0].content[0].text", "Invalid type for 'messages[0].content[0].text': expected a string, but got an integer instead.")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]}""", "missing_required_parameter", "messages[0].content[0].image_url.url", "Missing required parameter: 'messages[0].content[0].image_url.url'.")]
    public void A_fault_of_messages_is_named_by_its_path(string body, string code, string param, string message) =>
        Refused(body, code, param, message);

    [Theory]
    [InlineData("\"temperature\":2.1", "decimal_above_max_value", "temperature", "Invalid 'temperature': decimal above maximum value. Expected a value <= 2, but got 2.1 instead.")]
    [InlineData("\"temperature\":-0.1", "decimal_below_min_value", "temperature", "Invalid 'temperature': decimal below minimum value. Expected a value >= 0, but got -0.1 instead.")]
    [InlineData("\"temperature\":\"0.7\"", "invalid_type", "temperature", "Invalid type for 'temperature': expected a decimal, but got a string instead.")]
    [InlineData("\"temperature\":true", "invalid_type", "temperature", "Invalid type for 'temperature': expected a decimal, but got a boolean instead.")]
    [InlineData("\"n\":0", "integer_below_min_value", "n", "Invalid 'n': integer below minimum value. Expected a value >= 1, but got 0 instead.")]
    [InlineData("\"n\":1.5", "invalid_type", "n", "Invalid type for 'n': expected an integer, but got a decimal instead.")]
    [InlineData("\"max_tokens\":100000000000000000000", "integer_above_max_value", "max_tokens", "Invalid 'max_tokens': integer above maximum value. Expected a value <= 2147483647, but got 100000000000000000000 instead.")]
    [InlineData("\"max_tokens\":0", "integer_below_min_value", "max_tokens", "Invalid 'max_tokens': integer below minimum value. Expected a value >= 1, but got 0 instead.")]
    [InlineData("\"max_completion_tokens\":-2", "integer_below_min_value", "max_completion_tokens", "Invalid 'max_completion_tokens': integer below minimum value. Expected a value >= -1, but got -2 instead.")]
    [InlineData("\"user\":5", "invalid_type", "user", "Invalid type for 'user': expected one of a string or object, but got an integer instead.")]
    [InlineData("\"stop\":5", "invalid_type", "stop", "Invalid type for 'stop': expected one of a string or array of strings, but got an integer instead.")]
    [InlineData("\"stop\":[1]", "invalid_type", "stop[0]", "Invalid type for 'stop[0]': expected a string, but got an integer instead.")]
    [InlineData("\"metadata\":{\"k\":1}", "invalid_type", "metadata.k", "Invalid type for 'metadata.k': expected a string, but got an integer instead.")]
    [InlineData("\"logit_bias\":\"x\"", "invalid_type", "logit_bias", "Invalid type for 'logit_bias': expected an object, but got a string instead.")]
    [InlineData("\"tools\":{}", "invalid_type", "tools", "Invalid type for 'tools': expected an array of objects, but got an object instead.")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "invalid_value", "tools[0].function.name", "Invalid 'tools[0].function.name': string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_.-]+$'.")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"parameters\":\"{}\"}}]", "invalid_type", "tools[0].function.parameters", "Invalid type for 'tools[0].function.parameters': expected an object, but got a string instead.")]
    [InlineData("\"tool_choice\":1", "invalid_type", "tool_choice", "Invalid type for 'tool_choice': expected one of a string or object, but got an integer instead.")]
    [InlineData("\"web_search_options\":{}", "unsupported_parameter", "web_search_options", "Unsupported parameter: 'web_search_options' is not supported by this server: it has no hosted tools.")]
    [InlineData("\"modalities\":[\"smell\"]", "invalid_value", "modalities", "Invalid value: 'smell'. Supported values are: 'text' and 'audio'.")]
    public void A_fault_of_a_field_is_named_by_its_path(string field, string code, string param, string message) =>
        Refused(Body(field), code, param, message);

    [Theory]
    [InlineData("\"x_unknown\":1")]
    [InlineData("\"tools\":[],\"max_tokens\":-1")]
    [InlineData("\"user\":{\"id\":1,\"tags\":[null]}")]
    [InlineData("\"temperature\":null,\"stop\":null,\"tools\":null,\"web_search_options\":null")]
    [InlineData("\"temperature\":1,\"top_p\":0,\"seed\":9223372036854775807")]
    [InlineData("\"stop\":\"a\",\"tool_choice\":\"none\"")]
    public void A_good_body_passes(string field) => Check(Body(field), strict: false);

    [Fact]
    public void Strict_refuses_unknown_fields_at_the_top_as_OpenAI_does()
    {
        ApiException fault = Assert.Throws<ApiException>(() => Check(Body("\"x_unknown\":1"), strict: true));
        Assert.Equal("Unrecognized request argument supplied: x_unknown", fault.Error.Message);
        Assert.Null(fault.Error.Param);
    }

    [Fact]
    public void Strict_refuses_unknown_fields_inside_with_their_path()
    {
        ApiException fault = Assert.Throws<ApiException>(() => Check(Body("\"stream_options\":{\"audio\":true}"), strict: true));
        Assert.Equal(("unknown_parameter", "stream_options.audio"), (fault.Error.Code, fault.Error.Param));
    }

    private static string Body(string field) => $$"""{"model":"m","messages":[{"role":"user","content":"hi"}],{{field}}}""";

    private static void Refused(string body, string code, string param, string message)
    {
        ApiException fault = Assert.Throws<ApiException>(() => Check(body, strict: false));
        Assert.Equal((400, code, param, message), (fault.Error.Status, fault.Error.Code, fault.Error.Param, fault.Error.Message));
    }

    private static void Check(string body, bool strict) =>
        new ShapeCheck(strict).Check(JsonElement.Parse(body), OpenAIJson.Context.ChatCompletionRequest);
}
