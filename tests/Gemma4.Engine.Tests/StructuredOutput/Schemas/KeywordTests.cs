using System.Text.Json;
using Gemma4.Engine.StructuredOutput;
using Json.Schema;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Schemas;

/// <summary>Each keyword: what is allowed and what is not, agreed with an independent validator.</summary>
public sealed class KeywordTests
{
    [Theory]
    [InlineData("""{"type":"null"}""", """[null]""", """[0,false,"null"]""")]
    [InlineData("""{"type":["integer","string"]}""", """[0,-12,"a",12345678901234567890]""", """[1.5,null,true]""")]
    [InlineData("""{"type":"number"}""", """[0,1.5,-2e10,1E+5,0.001]""", """["1",null]""")]
    [InlineData("""{"enum":["a",1,null,{"x":[1,true]},"q\"\\\n"]}""", """["a",1,null,{"x":[1,true]},"q\"\\\n"]""", """["b",2,{"x":[1]},{}]""")]
    [InlineData("""{"const":{"a":1,"b":["c"]}}""", """[{"a":1,"b":["c"]}]""", """[{"a":1},{"a":1,"b":[]}]""")]
    [InlineData("""{"type":"integer","enum":[1,"a",2.5,3]}""", """[1,3]""", """["a",2.5]""")]
    [InlineData("""{"type":"integer","minimum":-5,"maximum":120}""", """[-5,0,99,120]""", """[-6,121,1000]""")]
    [InlineData("""{"type":"number","exclusiveMinimum":0,"maximum":1.25}""", """[0.001,1,1.25,1.2]""", """[0,1.251,2,-0.5]""")]
    [InlineData("""{"type":"integer","multipleOf":7}""", """[0,7,-14,700]""", """[1,-8,71]""")]
    [InlineData("""{"type":"number","multipleOf":0.01}""", """[0,1.25,3.1,-7]""", """[0.001,1.255]""")]
    [InlineData("""{"type":"string","minLength":2,"maxLength":3}""", """["ab","abc","日本","a\n"]""", """["","a","abcd"]""")]
    [InlineData("""{"type":"string","pattern":"^[a-z]+(-[0-9]{2,})?$"}""", """["abc","a-12","a-12345"]""", """["","A","a-1","abc "]""")]
    [InlineData("""{"type":"string","pattern":"b.d"}""", """["bad","xbed","bod\nx"]""", """["bd","b\nd",""]""")]
    [InlineData("""{"type":"string","pattern":"^(?!foo).*bar$"}""", """["bar","xxbar"]""", """["foobar","barx"]""")]
    [InlineData("""{"type":"string","pattern":"^a","maxLength":3}""", """["a","abc"]""", """["abcd","b"]""")]
    [InlineData("""{"type":"string","format":"date"}""", """["2024-02-29","1999-12-31"]""", """["2023-02-29","2024-13-01","2024-1-1"]""")]
    [InlineData("""{"type":"string","format":"uuid"}""", """["123e4567-e89b-12d3-a456-426614174000"]""", """["123e4567-e89b-12d3-a456-42661417400"]""")]
    [InlineData("""{"type":"string","format":"ipv4"}""", """["0.0.0.0","192.168.1.255"]""", """["256.1.1.1","1.2.3"]""")]
    [InlineData("""{"type":"array","items":{"type":"integer"},"minItems":1,"maxItems":3}""", """[[1],[1,2,3]]""", """[[],[1,2,3,4],["a"]]""")]
    [InlineData("""{"type":"array","prefixItems":[{"type":"integer"},{"type":"string"}],"items":false}""", """[[],[1],[1,"a"]]""", """[["a"],[1,"a",2]]""")]
    [InlineData("""{"type":"array","contains":{"const":5},"items":{"type":"integer"}}""", """[[5],[1,5,2]]""", """[[],[1,2]]""")]
    [InlineData("""{"type":"array","contains":{"const":5},"minContains":2,"maxContains":2}""", """[[5,5],[5,1,5]]""", """[[5],[5,5,5]]""")]
    [InlineData("""{"type":"array","items":{"enum":["a","b","c"]},"uniqueItems":true}""", """[[],["a"],["c","a","b"]]""", """[["a","a"],["a","b","a"]]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"string"}},"required":["a"],"additionalProperties":false}""",
        """[{"a":1},{"a":1,"b":"x"},{"b":"x","a":2}]""", """[{},{"b":"x"},{"a":"1"},{"a":1,"c":2}]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"}}}""", """[{},{"b":[null]},{"a":1,"b":{}}]""", """[{"a":"x"}]""")]
    [InlineData("""{"type":"object","patternProperties":{"^x-":{"type":"integer"}},"additionalProperties":{"type":"string"}}""",
        """[{"x-a":1,"b":"c"},{}]""", """[{"x-a":"s"},{"b":1}]""")]
    [InlineData("""{"type":"object","patternProperties":{"^a":{"type":"integer"},"b$":{"minimum":5}},"additionalProperties":false}""",
        """[{"a":1},{"ab":7},{"xb":"s"}]""", """[{"ab":1},{"ab":"s"},{"c":1}]""")]
    [InlineData("""{"type":"object","propertyNames":{"pattern":"^[a-z]+$"}}""", """[{},{"abc":1}]""", """[{"A":1},{"a1":1}]""")]
    [InlineData("""{"type":"object","minProperties":1,"maxProperties":2}""", """[{"a":1},{"a":1,"b":2}]""", """[{},{"a":1,"b":2,"c":3}]""")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"dependentRequired":{"a":["b"]}}""", """[{},{"b":1},{"a":1,"b":1},{"b":1,"a":1}]""", """[{"a":1}]""")]
    [InlineData("""{"type":"object","dependentSchemas":{"a":{"required":["b"]}}}""", """[{},{"b":1},{"b":1,"a":1}]""", """[{"a":1}]""")]
    [InlineData("""{"anyOf":[{"type":"string","maxLength":2},{"type":"string","pattern":"^x"},{"type":"integer"}]}""", """["ab","xyz",5]""", """["abc",null]""")]
    [InlineData("""{"oneOf":[{"type":"integer","multipleOf":3},{"type":"integer","multipleOf":5}]}""", """[3,5,9,10]""", """[0,15,1,-30]""")]
    [InlineData("""{"type":"object","oneOf":[{"required":["a"]},{"required":["b"]}]}""", """[{"a":1},{"b":1,"c":2}]""", """[{},{"a":1,"b":2}]""")]
    [InlineData("""{"oneOf":[{"type":"object","properties":{"k":{"const":"x"},"v":{"type":"integer"}},"required":["k"]},{"type":"object","properties":{"k":{"const":"y"}},"required":["k"]}]}""",
        """[{"k":"x","v":1},{"k":"y","v":"z"}]""", """[{"k":"z"},{"k":"x","v":"s"},{}]""")]
    [InlineData("""{"allOf":[{"type":"object","properties":{"a":{"minimum":3}}},{"properties":{"a":{"type":"integer","maximum":5}},"required":["a"]}]}""",
        """[{"a":4}]""", """[{"a":6},{"a":2},{}]""")]
    [InlineData("""{"not":{"type":"string"}}""", """[1,null,{},[]]""", """["a"]""")]
    [InlineData("""{"type":"string","not":{"enum":["a","b"]}}""", """["c","","ab"]""", """["a","b"]""")]
    [InlineData("""{"type":"object","properties":{"a":{},"b":{}},"not":{"required":["a","b"]}}""", """[{},{"a":1},{"b":1}]""", """[{"a":1,"b":1}]""")]
    [InlineData("""{"type":"object","not":{"properties":{"a":{"const":1}},"required":["a"]}}""", """[{},{"a":2}]""", """[{"a":1}]""")]
    [InlineData("""{"type":"object","not":{"additionalProperties":{"type":"integer"}}}""", """[{"a":"x"},{"a":1,"b":"x"}]""", """[{},{"a":1}]""")]
    [InlineData("""{"type":"object","properties":{"a":{"type":"integer"},"b":{}},"if":{"properties":{"a":{"minimum":10}},"required":["a"]},"then":{"required":["b"]},"else":{"properties":{"b":false}}}""",
        """[{"a":1},{},{"a":10,"b":1}]""", """[{"a":10},{"a":1,"b":1},{"b":1}]""")]
    [InlineData("""{"$defs":{"node":{"type":"object","properties":{"v":{"type":"integer"},"next":{"anyOf":[{"$ref":"#/$defs/node"},{"type":"null"}]}},"required":["v","next"],"additionalProperties":false}},"$ref":"#/$defs/node"}""",
        """[{"v":1,"next":null},{"v":1,"next":{"v":2,"next":null}}]""", """[{"v":1},{"v":1,"next":{"v":2}}]""")]
    [InlineData("""{"type":"object","properties":{"a":{"$ref":"#pos"}},"$defs":{"p":{"$anchor":"pos","type":"integer","minimum":0}}}""", """[{"a":0}]""", """[{"a":-1}]""")]
    public void Keyword_allows_what_the_validator_allows(string schema, string allowed, string refused)
    {
        JsonSchema validator = JsonSchema.FromText(schema);
        EvaluationOptions options = new() { RequireFormatValidation = true };
        foreach ((string list, bool expected) in new[] { (allowed, true), (refused, false) })
        {
            foreach (JsonElement instance in JsonElement.Parse(list).EnumerateArray())
            {
                string text = JsonSerializer.Serialize(instance, new JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
                Assert.Equal(expected, validator.Evaluate(instance, options).IsValid);
                Assert.True(expected == TestVocabulary.Accepts(schema, text), $"{text} should {(expected ? "" : "not ")}be allowed by {schema}");
            }
        }
    }

    [Theory]
    [InlineData("""{"type":"string","format":"email"}""", """["a.b@example.org"]""", """["a","a@","@b"]""")]
    [InlineData("""{"type":"string","format":"date-time"}""", """["2024-02-29T23:59:59Z","2024-01-01T00:00:00.123+02:00"]""", """["2024-02-29","2024-01-01T24:00:00Z"]""")]
    [InlineData("""{"type":"string","format":"time"}""", """["23:59:59Z","00:00:00+01:30"]""", """["24:00:00Z","10:00"]""")]
    [InlineData("""{"type":"string","format":"ipv6"}""", """["::1","2001:db8::ff00:42:8329","::ffff:1.2.3.4"]""", """["1::2::3",":1","12345::"]""")]
    [InlineData("""{"type":"string","format":"uri"}""", """["https://a.b/c?d=e#f","mailto:x@y.z","urn:a:b"]""", """["a b","/rel","http://a b"]""")]
    [InlineData("""{"type":"string","format":"hostname"}""", """["a","a-b.example.org"]""", """["-a","a..b","a_b"]""")]
    [InlineData("""{"type":"string","format":"duration"}""", """["P1D","PT1H30M","P2W","P1Y2M"]""", """["P","PT","1D"]""")]
    [InlineData("""{"type":"string","format":"json-pointer"}""", """["","/a/b~0c"]""", """["a","/~2"]""")]
    public void Formats_are_enforced(string schema, string allowed, string refused)
    {
        foreach (JsonElement text in JsonElement.Parse(allowed).EnumerateArray())
            Assert.True(TestVocabulary.Accepts(schema, text.GetRawText()), text.GetRawText());
        foreach (JsonElement text in JsonElement.Parse(refused).EnumerateArray())
            Assert.False(TestVocabulary.Accepts(schema, text.GetRawText()), text.GetRawText());
    }

    [Theory]
    [InlineData("""{"$ref":"https://example.org/other.json"}""", "#/$ref")]
    [InlineData("""{"properties":{"a":{"$ref":"#/nowhere"}}}""", "#/properties/a/$ref")]
    [InlineData("""{"properties":{"a":{"type":"strin"}}}""", "#/properties/a/type")]
    [InlineData("""{"properties":{"a/b":{"pattern":"(?<=x)y"}}}""", "#/properties/a~1b/pattern")]
    [InlineData("""{"pattern":"(a)\\1"}""", "#/pattern")]
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true}""", "#/uniqueItems")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"integer"}]}""", "#")]
    [InlineData("""{"type":"object","properties":{"a":false},"required":["a"]}""", "#")]
    [InlineData("""{"$defs":{"a":{"type":"object","properties":{"b":{"$ref":"#/$defs/a"}},"required":["b"]}},"$ref":"#/$defs/a"}""", "#")]
    [InlineData("""{"allOf":[{"unevaluatedProperties":false,"allOf":[{}]}]}""", "#/allOf/0/unevaluatedProperties")]
    [InlineData("""{"minLength":"2"}""", "#/minLength")]
    [InlineData("""{"format":"regex"}""", "#/format")]
    public void What_cannot_be_enforced_is_refused_with_its_place(string schema, string path)
    {
        ConstraintException refusal = Assert.Throws<ConstraintException>(
            () => TestVocabulary.Compiler().Compiled(new ConstraintSpec.JsonSchema(JsonElement.Parse(schema))));
        Assert.Equal(path, refusal.Path);
    }

    [Fact]
    public void Properties_come_in_the_order_of_the_schema_unless_any_is_asked_for()
    {
        const string schema = """{"type":"object","properties":{"b":{"type":"integer"},"a":{"type":"integer"}},"required":["a"]}""";
        Assert.True(TestVocabulary.Accepts(schema, """{"b":1,"a":2,"c":3}""", PropertyOrder.Schema));
        Assert.True(TestVocabulary.Accepts(schema, """{"a":2}""", PropertyOrder.Schema));
        Assert.False(TestVocabulary.Accepts(schema, """{"a":1,"b":2}""", PropertyOrder.Schema));
        Assert.False(TestVocabulary.Accepts(schema, """{"c":3,"a":2}""", PropertyOrder.Schema));
        Assert.True(TestVocabulary.Accepts(schema, """{"c":3,"a":1,"b":2}""", PropertyOrder.Any));
        Assert.False(TestVocabulary.Accepts(schema, """{"a":1,"a":2}""", PropertyOrder.Any));
    }

    [Fact]
    public void Blanks_are_allowed_by_option_only_and_not_without_end()
    {
        const string schema = """{"type":"object","properties":{"a":{"type":"array","items":{"type":"integer"}}}}""";
        foreach (string spaced in (string[])["\n{ \"a\" : [ 1 ,\n\t2 ] }", "{\"a\": [1, 2]}", "{\r\n  \"a\": [\r\n    1\r\n  ]\r\n}"])
        {
            Assert.True(TestVocabulary.Accepts(schema, spaced, whitespace: JsonWhitespace.Json));
            Assert.False(TestVocabulary.Accepts(schema, spaced));
        }
        foreach (string endless in (string[])["{  }", "{ \n}", "{\n\n}", "{\t}", "{\r}"])
            Assert.False(TestVocabulary.Accepts(schema, endless, whitespace: JsonWhitespace.Json));
        Assert.True(TestVocabulary.Accepts(schema, "{\n" + new string(' ', 64) + "}", whitespace: JsonWhitespace.Json));
        Assert.False(TestVocabulary.Accepts(schema, "{\n" + new string(' ', 65) + "}", whitespace: JsonWhitespace.Json));
    }

    [Fact]
    public void Strings_take_any_escape_but_no_lone_surrogate()
    {
        Assert.True(TestVocabulary.Accepts("""{"type":"string"}""", """ "\u00e9\ud83d\ude00\/\t\\" """.Trim()));
        Assert.False(TestVocabulary.Accepts("""{"type":"string"}""", """ "\ud83d" """.Trim()));
        Assert.False(TestVocabulary.Accepts("""{"type":"string"}""", """ "\x" """.Trim()));
        Assert.False(TestVocabulary.Accepts("""{"type":"string"}""", "\"a\nb\""));
    }
}
