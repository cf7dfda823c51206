using System.Net;
using System.Text.Json;
using Gemma4.Engine.Requests;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

/// <summary>JSON that is as deep as a request may be is served wherever it comes back, and deeper JSON is refused.</summary>
public sealed class DeepRequestTests
{
    private const int Deep = 100_000;

    /// <summary>Routes with a body in which <c>DEEP</c> stands for nested JSON, and how many levels stand around it.</summary>
    public static TheoryData<string, string, int> Bodies() => new()
    {
        { "/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"metadata":DEEP}""", 1 },
        { "/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"x":DEEP}}""", 2 },
        { "/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"default":DEEP}}}]}""", 5 },
        { "/v1/chat/completions", """{"messages":[{"role":"user","content":"a"}],"guided_json":{"default":DEEP}}""", 2 },
        { "/v1/chat/completions", """{"messages":[{"role":"user","content":DEEP}]}""", 3 },
        { "/v1/completions", """{"prompt":DEEP}""", 1 },
        { "/v1/responses", """{"input":"a","tools":[{"type":"function","name":"f","parameters":{"default":DEEP}}]}""", 4 },
        { "/v1/responses", """{"input":"a","stream":true,"tools":[{"type":"function","name":"f","parameters":{"default":DEEP}}]}""", 4 },
        { "/v1/responses", """{"input":"a","text":{"format":{"type":"json_schema","name":"s","schema":{"default":DEEP}}}}""", 4 },
        { "/v1/responses", """{"input":"a","store":true,"metadata":{"x":DEEP}}""", 2 },
        { "/v1/messages", """{"max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{"type":"object","default":DEEP}}]}""", 4 },
        { "/v1/messages", """{"max_tokens":9,"messages":[{"role":"user","content":"a"},{"role":"assistant","content":[{"type":"tool_use","id":"t","name":"f","input":{"x":DEEP}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"b"}]}],"tools":[{"name":"f","input_schema":{"type":"object"}}]}""", 6 },
        { "/tokenize", """{"messages":[{"role":"user","content":"a"}],"chat_template_kwargs":{"x":DEEP}}""", 2 },
    };

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Deepest_json_is_answered_and_deeper_json_is_a_400(string path, string body, int around)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        Assert.Contains(await PostAsync(64 - around), (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.BadRequest]);
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(65 - around));
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(Deep));

        async Task<HttpStatusCode> PostAsync(int depth)
        {
            string json = body.Replace("DEEP", Nested(depth), StringComparison.Ordinal).Insert(1, $"\"model\":\"{ServerUnderTest.Model}\",");
            using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, json);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("server_error", text, StringComparison.Ordinal);
            return response.StatusCode;
        }
    }

    [Theory]
    [InlineData("guided_json")]
    [InlineData("structured_outputs")]
    public async Task Deep_json_in_a_text_is_a_400(string field)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        HttpClient client = await server.ReadyClientAsync();
        string value = field == "guided_json" ? $"\"{Nested(Deep)}\"" : $$"""{"json":"{{Nested(Deep)}}"}""";
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, "/v1/chat/completions", $$"""{"model":"{{ServerUnderTest.Model}}","messages":[{"role":"user","content":"a"}],"{{field}}":{{value}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
    }

    [Theory]
    [InlineData(40)]
    [InlineData(55)]
    [InlineData(56)]
    [InlineData(2_000)]
    public async Task Arguments_as_deep_as_a_model_writes_them_come_out_of_every_api(int depth)
    {
        string call = $"<|tool_call>call:f{{a:{Nested(depth)}}}<tool_call|>";
        await using var server = new ServerUnderTest(Script.Saying(call));
        HttpClient client = await server.ReadyClientAsync();
        foreach (string stream in (string[])["false", "true"])
        {
            await ServedAsync("/v1/chat/completions", """ "messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f"}}] """);
            await ServedAsync("/v1/responses", """ "input":"a","tools":[{"type":"function","name":"f"}] """);
            await ServedAsync("/v1/messages", """ "max_tokens":9,"messages":[{"role":"user","content":"a"}],"tools":[{"name":"f","input_schema":{"type":"object"}}] """);

            async Task ServedAsync(string path, string fields)
            {
                using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, $$"""{"model":"{{ServerUnderTest.Model}}","stream":{{stream}},{{fields}}}""");
                Assert.Equal(HttpStatusCode.OK, response.StatusCode);
                string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
                Assert.DoesNotContain("error\":{", text, StringComparison.Ordinal);
                if (stream == "false")
                    Assert.Contains(Nested(depth), text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public async Task Schema_of_a_tool_whose_references_go_deep_is_served()
    {
        string chain = string.Join(',', Enumerable.Range(0, Deep).Select(i =>
            $"\"d{i}\":{{\"anyOf\":[{{\"$ref\":\"#/$defs/d{i + 1}\"}}]}}"));
        string parameters = $$$"""{"$ref":"#/$defs/d0","$defs":{{{{chain}}},"d{{{Deep}}}":{"type":"object"} } }""";
        await using var server = new ServerUnderTest(Script.Saying("<|tool_call>call:f{a:1}<tool_call|>"));
        HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/chat/completions", $$$"""
            {"model":"{{{ServerUnderTest.Model}}}","messages":[{"role":"user","content":"a"}],"tool_choice":"none","tools":[{"type":"function","function":{"name":"f","parameters":{{{parameters}}} } }]}
            """);
        Assert.Contains(response.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.BadRequest]);
    }

    private static string Nested(int depth) => new string('[', depth) + new string(']', depth);
}
