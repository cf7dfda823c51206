using System.Text.Json;
using Gemma4.Engine.Parsing;
using Xunit;

namespace Gemma4.Engine.Tests.Parsing;

public sealed class ParameterSchemaTests
{
    [Theory]
    [InlineData("""{}""", JsonTypes.Any)]
    [InlineData("""{"type":"STRING"}""", JsonTypes.String)]
    [InlineData("""{"type":"string","nullable":true}""", JsonTypes.String | JsonTypes.Null)]
    [InlineData("""{"type":["integer","null"]}""", JsonTypes.Number | JsonTypes.Null)]
    [InlineData("""{"enum":["a",1]}""", JsonTypes.String | JsonTypes.Number)]
    [InlineData("""{"const":true}""", JsonTypes.Boolean)]
    [InlineData("""{"oneOf":[{"type":"array"},{"type":"object"}]}""", JsonTypes.Array | JsonTypes.Object)]
    [InlineData("""{"allOf":[{"type":["string","number"]},{"type":"number"}]}""", JsonTypes.Number)]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"number"}]}""", JsonTypes.Any)]
    [InlineData("""{"$ref":"#/$defs/a"}""", JsonTypes.String)]
    [InlineData("""{"$ref":"#/$defs/loop"}""", JsonTypes.Any)]
    [InlineData("""{"$ref":"#/$defs/missing"}""", JsonTypes.Any)]
    [InlineData("""{"$ref":"https://example.com/schema"}""", JsonTypes.Any)]
    [InlineData("""{"type":7}""", JsonTypes.Any)]
    [InlineData("""true""", JsonTypes.Any)]
    public void Types_are_those_the_schema_allows(string member, object expected)
    {
        JsonElement schema = JsonElement.Parse("""
            {"properties":{"m":MEMBER},"$defs":{"a":{"type":"string"},"loop":{"$ref":"#/$defs/loop"}}}
            """.Replace("MEMBER", member));
        Assert.Equal(expected, ParameterSchema.Of(schema).Member("m").Types);
    }

    [Fact]
    public void Members_are_found_in_unions_and_recursive_schemas_end()
    {
        ParameterSchema schema = ParameterSchema.Of(JsonElement.Parse("""
            {"anyOf":[{"properties":{"a":{"type":"string"}}},{"$ref":"#"},{"properties":{"b":{"type":"boolean"}}}]}
            """));
        Assert.True(schema.Declares("b"));
        Assert.Equal(JsonTypes.Boolean, schema.Member("b").Types);
        Assert.False(schema.Declares("c"));
        Assert.Equal(JsonTypes.Any, schema.Member("c").Types);
    }

    [Fact]
    public void Schema_that_refers_to_itself_many_times_is_read_at_once()
    {
        string self = string.Join(',', Enumerable.Repeat("""{"$ref":"#"}""", 50));
        ParameterSchema schema = ParameterSchema.Of(JsonElement.Parse("""{"anyOf":[{"type":"string"},SELF]}""".Replace("SELF", self)));
        Assert.Equal(JsonTypes.String, schema.Types);
        Assert.False(schema.Declares("m"));
    }

    [Theory]
    [InlineData("anyOf")]
    [InlineData("oneOf")]
    [InlineData("allOf")]
    public void Unions_strung_together_by_references_are_looked_into_so_far_and_no_farther(string union)
    {
        const int Length = 100_000;
        string chain = string.Join(',', Enumerable.Range(0, Length).Select(i =>
            $"\"d{i}\":{{\"properties\":{{\"p{i}\":{{\"type\":\"string\"}}}},\"{union}\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}"));
        ParameterSchema schema = ParameterSchema.Of(JsonElement.Parse($$$"""{"$ref":"#/$defs/d0","$defs":{{{{chain}}},"d{{{Length}}}":{"type":"null"} } }"""));
        Assert.Equal(JsonTypes.Any, schema.Types);
        Assert.True(schema.Declares("p50"));
        Assert.False(schema.Declares("p100"));
        Assert.Equal(JsonTypes.Any, schema.Item(0).Types);
    }

    [Fact]
    public void Nothing_declared_allows_everything() => Assert.Equal(JsonTypes.Any, ParameterSchema.Of(default).Member("m").Item(3).Types);
}
