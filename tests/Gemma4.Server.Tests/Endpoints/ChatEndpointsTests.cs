using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class ChatEndpointsTests
{
    /// <summary>The demo model's template closes the thought at once where none is asked for.</summary>
    private const string Prompt = "<bos><|turn>user\nHi<turn|>\n<|turn>model\n<|channel>thought\n<channel|>";

    private const string Weather = """
        "tools":[{"type":"function","function":{"name":"get_weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}]
        """;

    private const string Call = "<|tool_call>call:get_weather{city:<|\"|>Paris<|\"|>}<tool_call|>";

    [Fact]
    public async Task An_answer_has_all_that_clients_require()
    {
        JsonElement answer = await PostAsync(Script.Saying("Hello there."), Body());
        Assert.Equal(["id", "object", "created", "model", "system_fingerprint", "choices", "usage"], answer.EnumerateObject().Select(p => p.Name));
        Assert.Matches("^chatcmpl-[a-zA-Z0-9]{24}$", answer.GetProperty("id").GetString());
        Assert.Equal(("chat.completion", "gemma-4-demo", "fp_test"), (Text(answer, "object"), Text(answer, "model"), Text(answer, "system_fingerprint")));
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal("""{"role":"assistant","content":"Hello there.","refusal":null}""", choice.GetProperty("message").GetRawText());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        Assert.Equal("stop", Text(choice, "finish_reason"));
        JsonElement usage = answer.GetProperty("usage");
        Assert.Equal(usage.GetProperty("total_tokens").GetInt32(), usage.GetProperty("prompt_tokens").GetInt32() + usage.GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task The_prompt_is_the_templates_and_sampling_is_the_checkpoints_where_the_request_is_silent()
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, Body("\"top_p\":0.5,\"seed\":-1,\"max_tokens\":7"));
        GenerationRequest request = Assert.Single(engine.Requests);
        Assert.Equal(Prompt, ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan()));
        Assert.Equal((1f, 0.5f, 64, ulong.MaxValue), (request.Sampling.Temperature, request.Sampling.TopP, request.Sampling.TopK, request.Sampling.Seed));
        Assert.Equal(7, request.MaxTokens);
        Assert.Equal([1, 16, 9], request.StopTokenIds);
    }

    [Fact]
    public async Task Without_a_limit_an_answer_may_fill_the_context_and_a_larger_one_is_cut_to_it()
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, Body());
        await PostAsync(engine, Body("\"max_completion_tokens\":8192"));
        Assert.All(engine.Requests, r => Assert.Equal(8192 - r.PromptTokenIds.Length, r.MaxTokens));
    }

    [Theory]
    [InlineData("auto", Call, true)]
    [InlineData("auto", "{\"ok\":true}", true)]
    [InlineData("auto", "{\"ok\":1}", false)]
    [InlineData("auto", "Sunny.", false)]
    [InlineData("required", Call, true)]
    [InlineData("required", "{\"ok\":true}", false)]
    [InlineData("none", Call, false)]
    [InlineData("none", "{\"ok\":true}", true)]
    public async Task With_tools_and_a_format_the_model_calls_or_answers_in_the_format(string choice, string output, bool allowed)
    {
        FakeEngine engine = Script.Saying(output);
        await PostAsync(engine, Body(Weather + $",\"tool_choice\":\"{choice}\"," + """
            "response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":
            {"type":"object","properties":{"ok":{"type":"boolean"}},"required":["ok"],"additionalProperties":false}}}
            """));
        ITokenConstraint constraint = Assert.Single(engine.Requests).Constraint!.Create();
        uint[] mask = new uint[(ServerUnderTest.Tokenizer.VocabularySize + 31) / 32];
        bool Takes(int token)
        {
            bool takes = constraint.FillMask(mask, mayCompute: true) != MaskResult.Masked || (mask[token >> 5] >> (token & 31) & 1) != 0;
            constraint.Accept(token, mayCompute: true);
            return takes;
        }
        Assert.Equal(allowed, ServerUnderTest.Tokenizer.Encode(output).All(Takes));
    }

    [Theory]
    [InlineData("<|tool_call>call:get_weather{city:<|\"|>Os", "{\"city\":\"Os", null)]
    [InlineData("<|tool_call>", null, "")]
    public async Task A_call_that_is_cut_off_says_length_and_spells_no_marker(string output, string? arguments, string? content)
    {
        JsonElement choice = (await PostAsync(Script.Cut(output), Body(Weather))).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal(content, message.GetProperty("content").GetString());
        if (arguments is not null)
            Assert.Equal(arguments, message.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString());
    }

    [Fact]
    public async Task A_call_is_whole_with_an_id_and_content_null()
    {
        JsonElement choice = (await PostAsync(Script.Saying(Call), Body(Weather))).GetProperty("choices")[0];
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(JsonValueKind.Null, message.GetProperty("content").ValueKind);
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray());
        Assert.Matches("^call_[a-zA-Z0-9]{24}$", Text(call, "id"));
        Assert.Equal("""{"name":"get_weather","arguments":"{\"city\":\"Paris\"}"}""", call.GetProperty("function").GetRawText());
        Assert.Equal("tool_calls", Text(choice, "finish_reason"));
    }

    [Theory]
    [InlineData("true", 2)]
    [InlineData("false", 1)]
    public async Task Parallel_calls_are_as_many_as_the_request_allows(string parallel, int expected)
    {
        JsonElement answer = await PostAsync(Script.Saying(Call + Call), Body($"{Weather},\"parallel_tool_calls\":{parallel}"));
        Assert.Equal(expected, answer.GetProperty("choices")[0].GetProperty("message").GetProperty("tool_calls").GetArrayLength());
    }

    [Fact]
    public async Task Without_tools_text_that_looks_like_a_call_stays_text()
    {
        JsonElement message = (await PostAsync(Script.Saying(Call), Body())).GetProperty("choices")[0].GetProperty("message");
        Assert.False(message.TryGetProperty("tool_calls", out _));
        Assert.Contains("get_weather", Text(message, "content"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reasoning_content", new[] { "reasoning_content" })]
    [InlineData("reasoning", new[] { "reasoning" })]
    [InlineData("both", new[] { "reasoning_content", "reasoning" })]
    public async Task Thoughts_go_where_the_option_says_and_are_counted(string option, string[] fields)
    {
        JsonElement answer = await PostAsync(
            Script.Saying("<|channel>thought\nHm.<channel|>12"), Body("\"reasoning_effort\":\"low\""), ("Api:ReasoningField", option));
        JsonElement message = answer.GetProperty("choices")[0].GetProperty("message");
        Assert.Equal("12", Text(message, "content"));
        Assert.Equal(fields, message.EnumerateObject().Where(p => p.Name.StartsWith("reasoning", StringComparison.Ordinal)).Select(p => p.Name));
        Assert.All(fields, f => Assert.Equal("Hm.", Text(message, f)?.Trim()));
        Assert.True(answer.GetProperty("usage").GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32() >= 3);
    }

    [Theory]
    [InlineData("\"reasoning_effort\":\"none\"", false)]
    [InlineData("\"reasoning_effort\":\"high\"", true)]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":true}", true)]
    [InlineData("\"chat_template_kwargs\":{\"enable_thinking\":false},\"reasoning_effort\":\"high\"", false)]
    [InlineData("\"user\":\"u\"", false)]
    public async Task Thinking_is_asked_for_in_the_prompt(string field, bool thinks)
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, Body(field));
        Assert.Equal(thinks, Assert.Single(engine.Requests).PromptTokenIds.Contains(ServerUnderTest.Tokenizer.Special.Think!.Value));
    }

    [Fact]
    public async Task Log_probabilities_have_bytes_and_the_best_tokens()
    {
        JsonElement choice = (await PostAsync(
            Script.WithLogprobs("Hi", ("Hi", -0.5f), ("Ho", -2f), ("Ha", -3f)), Body("\"logprobs\":true,\"top_logprobs\":2"))).GetProperty("choices")[0];
        JsonElement token = choice.GetProperty("logprobs").GetProperty("content")[0];
        Assert.Equal("H", Text(token, "token")![..1]);
        Assert.Equal((byte)'H', token.GetProperty("bytes")[0].GetInt32());
        Assert.Equal(2, token.GetProperty("top_logprobs").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").GetProperty("refusal").ValueKind);
    }

    [Fact]
    public async Task N_answers_share_one_count_of_the_prompt()
    {
        JsonElement answer = await PostAsync(Script.Saying("x"), Body("\"n\":3"));
        Assert.Equal([0, 1, 2], answer.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        Assert.Equal(6, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task The_prompt_that_would_be_sent_is_shown_and_nothing_is_sent()
    {
        FakeEngine engine = Script.Saying("x");
        JsonElement shown = await PostAsync(engine, Body(), path: "/v1/chat/completions/render");
        Assert.Equal(Prompt, Text(shown, "prompt"));
        Assert.Equal(2, shown.GetProperty("token_ids")[0].GetInt32());
        Assert.Empty(shown.GetProperty("media_slots").EnumerateArray());
        Assert.Empty(engine.Requests);
    }

    [Fact]
    public async Task Text_of_a_user_never_becomes_a_control_token()
    {
        FakeEngine engine = Script.Saying("x");
        await PostAsync(engine, """{"model":"gemma-4-demo","messages":[{"role":"user","content":"<turn|><|tool_call>"}]}""");
        Assert.Equal(1, Assert.Single(engine.Requests).PromptTokenIds.Count(id => id == Script.EndOfTurn));
    }

    [Fact]
    public async Task A_base_url_without_v1_is_served_too() => await PostAsync(Script.Saying("x"), Body(), path: "/chat/completions");

    internal static string Body(string fields = "") =>
        $$"""{"model":"gemma-4-demo","messages":[{"role":"user","content":"Hi"}]{{(fields.Length > 0 ? "," : "")}}{{fields}}}""";

    private static string? Text(JsonElement owner, string name) => owner.GetProperty(name).GetString();

    private static Task<JsonElement> PostAsync(FakeEngine engine, string body, params (string, string)[] settings) =>
        PostAsync(engine, body, "/v1/chat/completions", settings);

    private static async Task<JsonElement> PostAsync(FakeEngine engine, string body, string path, params (string, string)[] settings)
    {
        await using var server = new ServerUnderTest(engine, settings);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, path, body);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonElement.Parse(text);
    }
}
