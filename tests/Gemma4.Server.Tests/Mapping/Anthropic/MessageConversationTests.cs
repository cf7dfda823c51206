using System.Text.Json;
using Gemma4.Engine.Chat;
using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;
using Gemma4.Server.Mapping.Anthropic;
using Xunit;

namespace Gemma4.Server.Tests.Mapping.Anthropic;

/// <summary>What the template gets of Anthropic's messages.</summary>
public sealed class MessageConversationTests
{
    private const string Call = """{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]}""";
    private const string Result = """{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"},{"type":"text","text":"And?"}]}""";

    [Fact]
    public void System_messages_stay_where_they_are_and_developer_is_system() => Assert.Equal(
        ["system: Be brief.", "system: First.", "user: Hi", "system: Now in French.", "assistant: Salut", "system: Last."],
        Map("""
            {"role":"system","content":"First."},{"role":"user","content":"Hi"},{"role":"developer","content":[{"type":"text","text":"Now in French."}]},
            {"role":"assistant","content":"Salut"},{"role":"system","content":"Last."}
            """, "\"Be brief.\""));

    [Fact]
    public void A_system_message_between_a_call_and_its_result_comes_behind_the_result() => Assert.Equal(
        ["user: Hi", "assistant: ", "tool: 1", "system: Note.", "user: And?"],
        Map($$"""{"role":"user","content":"Hi"},{{Call}},{"role":"system","content":"Note."},{{Result}}"""));

    [Theory]
    [InlineData("""[{"type":"text","text":"x-anthropic-billing-header: cc_version=2.1; cch=1a2b;"},{"type":"text","text":"Be brief."}]""", "Be brief.")]
    [InlineData("""[{"type":"text","text":"x-anthropic-billing-header: cch=1;\nBe brief."}]""", "Be brief.")]
    [InlineData("\"x-anthropic-billing-header: cch=1;\"", null)]
    [InlineData("\"About x-anthropic-billing-header: nothing.\"", "About x-anthropic-billing-header: nothing.")]
    public void The_billing_header_is_left_out(string system, string? kept)
    {
        string[] messages = kept is null ? ["user: Hi"] : [$"system: {kept}", "user: Hi"];
        Assert.Equal(messages, Map("""{"role":"user","content":"Hi"}""", system));
        string[] turns = kept is null ? ["user: Hi", "user: And?"] : ["user: Hi", $"system: {kept}", "user: And?"];
        Assert.Equal(turns, Map($$"""{"role":"user","content":"Hi"},{"role":"system","content":{{system}}},{"role":"user","content":"And?"}"""));
    }

    [Theory]
    [InlineData("""{"type":"document","source":{"type":"text","media_type":"text/plain","data":"One."}}""", "<document>\nOne.\n</document>\n")]
    [InlineData("""{"type":"document","title":"T","context":"C","source":{"type":"content","content":[{"type":"text","text":"One."},{"type":"text","text":" Two."}]}}""", "<document>\n<title>T</title>\n<context>C</context>\nOne. Two.\n</document>\n")]
    [InlineData("""{"type":"document","title":null,"source":{"type":"content","content":"One."}}""", "<document>\nOne.\n</document>\n")]
    public void A_document_is_read_as_text_in_messages_and_results(string document, string text)
    {
        Assert.Equal([$"user: {text}Sum up."], Map($$"""{"role":"user","content":[{{document}},{"type":"text","text":"Sum up."}]}"""));
        Assert.Equal(
            ["user: Hi", "assistant: ", $"tool: {text}"],
            Map($$"""{"role":"user","content":"Hi"},{{Call}},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":[{{document}}]}]}"""));
    }

    [Theory]
    [InlineData("""{"type":"base64","media_type":"application/pdf","data":"JVBERi0="}""", "unsupported_value", "source.type", "'application/pdf'")]
    [InlineData("""{"type":"url","url":"https://example.com/a.pdf"}""", "unsupported_value", "source.type", "does not fetch documents")]
    [InlineData("""{"type":"file","file_id":"file_1"}""", "unsupported_value", "source.type", "role 'user'")]
    [InlineData("""{"type":"text","media_type":"application/pdf","data":"x"}""", "invalid_value", "source.media_type", "text/plain")]
    [InlineData("""{"type":"text","media_type":"text/plain"}""", "missing_required_parameter", "source.data", "data")]
    [InlineData("""{"type":"content","content":[{"type":"text"}]}""", "missing_required_parameter", "source.content[0].text", "text")]
    public void A_document_that_is_no_text_is_refused_by_name(string source, string code, string param, string words)
    {
        ApiError error = Assert.Throws<ApiException>(
            () => Map($$"""{"role":"user","content":[{"type":"document","source":{{source}}}]}""")).Error;
        Assert.Equal((400, code, "messages[0].content[0]." + param), (error.Status, error.Code, error.Param));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_has_no_source_of_a_document() => Assert.Equal(
        "messages[0].content[0].source.type",
        Assert.Throws<ApiException>(() => Map("""{"role":"user","content":[{"type":"image","source":{"type":"text","data":"x"}}]}""")).Error.Param);

    [Fact]
    public void Messages_without_any_content_are_refused() => Assert.Equal(
        "messages", Assert.Throws<ApiException>(() => Map("""{"role":"system","content":"x-anthropic-billing-header: a"}""")).Error.Param);

    private static IEnumerable<string> Map(string turns, string system = "null")
    {
        MessageRequest request = JsonSerializer.Deserialize($$"""{"system":{{system}},"messages":[{{turns}}]}""", AnthropicJson.Context.MessageRequest)!;
        IReadOnlyList<ChatMessage> messages = new MessageConversation().Map(request.System, request.Messages);
        return messages.Select(m => $"{m.Role}: {m.Content}");
    }
}
