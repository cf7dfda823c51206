using System.Text.Json;
using Gemma4.Engine.Parsing;
using Gemma4.Verification;
using Xunit;
using static Gemma4.Engine.Tests.Parsing.ParserHarness;

namespace Gemma4.Engine.Tests.Parsing;

/// <summary>The notation of arguments, its malformations, and where they stop having one meaning.</summary>
public sealed class ArgumentReaderTests
{
    private static readonly ParserOptions Tools = With(
        Tool("f", """
            {"s":{"type":"string"},"t":{"type":["string","null"]},"n":{"type":"integer"},"x":{"type":"number"},"b":{"type":"boolean"},
             "e":{"enum":[1,2]},"u":{"anyOf":[{"type":"string"},{"type":"number"}]},"m":{"type":["integer","null"]},
             "l":{"type":"array","items":{"type":"string"}},"p":{"type":"array","prefixItems":[{"type":"string"},{"type":"integer"}]},
             "o":{"type":"object","properties":{"s":{"type":"string"},"n":{"type":"integer"}}},
             "r":{"$ref":"#/$defs/text"},"a":{"type":"object","additionalProperties":{"type":"string"}}}
            """),
        Tool("free"));

    [Theory]
    // Types follow the schema.
    [InlineData("{s:5}", """{"s":"5"}""")]
    [InlineData("{s:null}", """{"s":null}""")]
    [InlineData("{n:<|\"|>5<|\"|>}", """{"n":5}""")]
    [InlineData("{n:\"5\"}", """{"n":5}""")]
    [InlineData("{n:'5'}", """{"n":5}""")]
    [InlineData("{n:five}", """{"n":"five"}""")]
    [InlineData("{b:TRUE}", """{"b":true}""")]
    [InlineData("{b:<|\"|>false<|\"|>}", """{"b":false}""")]
    [InlineData("{e:2}", """{"e":2}""")]
    [InlineData("{u:5}", """{"u":5}""")]
    [InlineData("{u:<|\"|>5<|\"|>}", """{"u":"5"}""")]
    [InlineData("{m:None}", """{"m":null}""")]
    [InlineData("{x:<|\"|>none<|\"|>}", """{"x":"none"}""")]
    [InlineData("{l:[1,2]}", """{"l":["1","2"]}""")]
    [InlineData("{p:[1,<|\"|>2<|\"|>]}", """{"p":["1",2]}""")]
    [InlineData("{o:{s:1,n:<|\"|>2<|\"|>}}", """{"o":{"s":"1","n":2}}""")]
    [InlineData("{a:{any:1}}", """{"a":{"any":"1"}}""")]
    // Bare text.
    [InlineData("{s:see https://a.b/?x=1,y=2, n:3}", """{"s":"see https://a.b/?x=1,y=2","n":3}""")]
    [InlineData("{s:a {b} c, n:3}", """{"s":"a {b} c","n":3}""")]
    [InlineData("{s:if (x) { y", """{"s":"if (x) { y"}""")]
    [InlineData("{s:if (x) { y}", """{"s":"if (x) { y}"}""")]
    [InlineData("{s:{ y}}", """{"s":"{ y}"}""")]
    [InlineData("{s:[1]}", """{"s":"[1]"}""")]
    [InlineData("{zip:00501,note:a, b,time:12:30}", """{"zip":"00501","note":"a, b","time":"12:30"}""")]
    [InlineData("{note:hello, <|\"|>k<|\"|>:1}", """{"note":"hello","k":1}""")]
    [InlineData("{note:hello, \"k\":1}", """{"note":"hello","k":1}""")]
    [InlineData("{note:hello, }", """{"note":"hello"}""")]
    [InlineData("{n:1]}", null)]
    [InlineData("{s:}", """{"s":""}""")]
    [InlineData("{n:}", null)]
    [InlineData("{s:, n:1}", """{"s":"","n":1}""")]
    // Keys.
    [InlineData("{ two words : 1}", """{"two words":1}""")]
    [InlineData("{price>=:5}", """{"price>=":5}""")]
    [InlineData("{'k' : 1}", """{"k":1}""")]
    [InlineData("{<|\"|>a:b<|\"|>:1}", """{"a:b":1}""")]
    [InlineData("{:1}", null)]
    [InlineData("{Oslo}", null)]
    [InlineData("{Oslo, n:1}", null)]
    // Strings in other languages' quotes.
    [InlineData("{\"s\": \"a\\u00e9\\n\\\"\", \"n\": 1}", """{"s":"aé\n\"","n":1}""")]
    [InlineData("{s:\"a\\qb\"}", null)]
    [InlineData("{s:\"a\" b}", null)]
    [InlineData("{s:\"a\"<|\"|>}", """{"s":"a"}""")]
    [InlineData("{s:'it's, well', n:1}", """{"s":"it's, well","n":1}""")]
    [InlineData("{s:'tis so,n:1}", """{"s":"'tis so","n":1}""")]
    [InlineData("{s:'tis so,o:{s:<|\"|>x<|\"|>}}", """{"s":"'tis so","o":{"s":"x"}}""")]
    [InlineData("{s:<|\"|>a<|\"|><|\"|>}", """{"s":"a"}""")]
    [InlineData("{s:<|\"|>a<|\"|>b}", null)]
    // Brackets, commas, signs.
    [InlineData("(s='a', n=1)", """{"s":"a","n":1}""")]
    [InlineData("({n:1})", null)]
    [InlineData("(5)", null)]
    [InlineData("{n:1,}", """{"n":1}""")]
    [InlineData("{l:[<|\"|>a<|\"|>,],}", """{"l":["a"]}""")]
    [InlineData("{l:[,]}", null)]
    [InlineData("{x:1.,n:-0}", """{"x":1,"n":-0}""")]
    [InlineData("{x:.5}", """{"x":".5"}""")]
    [InlineData("{l:[<|\"|>a<|\"|>", """{"l":["a"]}""")]
    [InlineData("{o:{n:1}", """{"o":{"n":1}}""")]
    [InlineData("{o:{s:<|\"|>a}}", null)]
    [InlineData("{s:<|\"|>a,n:1}", null)]
    [InlineData("{n:1}]})", """{"n":1}""")]
    [InlineData("{", "{}")]
    [InlineData("{n", null)]
    [InlineData("{l:[1}", null)]
    // Control tokens that do not belong there.
    [InlineData("{s:<|\"|>a<|channel>b<|\"|>}", """{"s":"a<|channel>b"}""")]
    [InlineData("{s:a<|channel>b}", null)]
    public void Arguments_become_json_or_the_whole_call_content(string arguments, string? expected)
    {
        string call = $"<|tool_call>call:f{arguments}<tool_call|>";
        ParsedAnswer answer = Parse(call, Tools);
        Assert.Equal(expected ?? "", string.Concat(answer.Calls.Select(c => c.Arguments)));
        Assert.Equal(expected is null ? call : "", answer.Content);
    }

    [Theory]
    [InlineData("{a:True,b:1e5,c:0x10,d:+1}", """{"a":"True","b":1e5,"c":"0x10","d":"+1"}""")]
    [InlineData("{a:{b:[{c:[]},{}]},d:[[1],[2,[3]]]}", """{"a":{"b":[{"c":[]},{}]},"d":[[1],[2,[3]]]}""")]
    [InlineData("{a:'x,n:1}", """{"a":"'x","n":1}""")]
    public void Undeclared_arguments_follow_their_form(string arguments, string expected) =>
        Assert.Equal(expected, Assert.Single(Parse($"<|tool_call>call:free{arguments}<tool_call|>", Tools).Calls).Arguments);

    [Fact]
    public void Half_a_surrogate_pair_in_a_json_string_stays_an_escape() =>
        Assert.Equal("""{"s":"\ud83d"}""", Assert.Single(Parse("<|tool_call>call:f{s:\"\\ud83d\"}<tool_call|>", Tools).Calls).Arguments);

    [Theory]
    [InlineData("[", "]", 55)]
    [InlineData("{a:", "}", 55)]
    public void Arguments_are_as_deep_as_they_can_be_read_back(string open, string close, int deepest)
    {
        string json = Assert.Single(Parse(Nested(deepest), Tools).Calls).Arguments;
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(json).ValueKind);
        foreach (int depth in (int[])[deepest + 1, 100_000])
        {
            ParsedAnswer answer = Parse(Nested(depth), Tools);
            Assert.Empty(answer.Calls);
            Assert.Equal(Nested(depth), answer.Content);
        }

        string Nested(int depth) => $"<|tool_call>call:free{{a:{Times(open, depth)}1{Times(close, depth)}}}<tool_call|>";
    }

    [Fact]
    public void Apostrophes_that_open_no_string_are_read_again_so_often_and_no_more()
    {
        string few = $"<|tool_call>call:free{{a:1{Times(",k:'x", 60)}<|\"|>}}<tool_call|>";
        string many = $"<|tool_call>call:free{{a:1{Times(",k:'x", 20_000)}<|\"|>}}<tool_call|>";
        Assert.NotEmpty(Parse(few, Tools).Calls);
        ParsedAnswer answer = Parse(many, Tools);
        Assert.Empty(answer.Calls);
        Assert.Equal(many, answer.Content);
    }

    private static string Times(string text, int count) => string.Concat(Enumerable.Repeat(text, count));

    [Fact]
    public void Long_run_of_commas_and_colons_is_read_in_linear_time()
    {
        string text = string.Concat(Enumerable.Repeat(",:", 100_000));
        Assert.Empty(Parse($"<|tool_call>call:free{{a:{text}", Tools).Calls);
    }
}
