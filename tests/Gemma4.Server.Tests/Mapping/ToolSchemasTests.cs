using System.Text.Json;
using Gemma4.Server.Mapping;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

public sealed class ToolSchemasTests
{
    [Theory]
    [InlineData("""{"type":"object","properties":{"a":{}}}""", """{"type":"object","properties":{"a":{}},"additionalProperties":false}""")]
    [InlineData("""{"type":"object","properties":{"a":{}},"additionalProperties":true}""", """{"type":"object","properties":{"a":{}},"additionalProperties":true}""")]
    [InlineData("""{"properties":{"a":{}},"anyOf":[{}]}""", """{"properties":{"a":{}},"anyOf":[{}]}""")]
    [InlineData("""{"type":"object"}""", """{"type":"object"}""")]
    public void An_object_that_does_not_say_is_closed(string given, string expected) =>
        Assert.Equal(expected, ToolSchemas.Closed(JsonElement.Parse(given)).GetRawText());

    [Fact]
    public void A_tool_without_a_schema_takes_no_arguments() =>
        Assert.False(ToolSchemas.Closed(null).GetProperty("additionalProperties").GetBoolean());
}
