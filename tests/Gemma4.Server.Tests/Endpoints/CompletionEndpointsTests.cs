using System.Text.Json;
using Gemma4.Engine.Requests;
using Gemma4.Server.Tests.Pipeline;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Endpoints;

public sealed class CompletionEndpointsTests
{
    [Fact]
    public async Task A_prompt_is_continued_behind_bos_without_a_template()
    {
        FakeEngine engine = Script.Saying(" upon a time");
        JsonElement answer = await PostAsync(engine, """{"model":"gemma-4-demo","prompt":"Once"}""");
        Assert.Equal("text_completion", answer.GetProperty("object").GetString());
        Assert.StartsWith("cmpl-", answer.GetProperty("id").GetString(), StringComparison.Ordinal);
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal((" upon a time", "stop"), (choice.GetProperty("text").GetString(), choice.GetProperty("finish_reason").GetString()));
        Assert.Equal(JsonValueKind.Null, choice.GetProperty("logprobs").ValueKind);
        GenerationRequest submitted = Assert.Single(engine.Requests);
        Assert.Equal([2, .. ServerUnderTest.Tokenizer.EncodeText("Once")], submitted.PromptTokenIds);
        Assert.Equal(16, submitted.MaxTokens);
    }

    [Fact]
    public async Task Several_prompts_and_n_give_choices_in_order_of_prompts()
    {
        FakeEngine engine = Script.Saying("x");
        JsonElement answer = await PostAsync(engine, """{"model":"gemma-4-demo","prompt":[[2,300],[4]],"n":2}""");
        Assert.Equal([0, 1, 2, 3], answer.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        Assert.Equal([2, 1], engine.Requests.Select(r => r.PromptTokenIds.Length));
        Assert.Equal(3, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Echo_with_logprobs_begins_with_the_prompt_and_a_null()
    {
        JsonElement answer = await PostAsync(
            Script.WithLogprobs(" upon", ("a", -0.7f), ("b", -2f)), """{"model":"gemma-4-demo","prompt":"Once","echo":true,"logprobs":2}""");
        JsonElement choice = answer.GetProperty("choices")[0];
        Assert.Equal("Once upon", choice.GetProperty("text").GetString());
        JsonElement logprobs = choice.GetProperty("logprobs");
        JsonElement[] values = [.. logprobs.GetProperty("token_logprobs").EnumerateArray()];
        Assert.Equal(JsonValueKind.Null, values[0].ValueKind);
        Assert.Equal(-1.5, values[1].GetDouble());
        Assert.Equal(-0.5, values[^1].GetDouble());
        Assert.Equal(values.Length, logprobs.GetProperty("tokens").GetArrayLength());
        Assert.Equal(0, logprobs.GetProperty("text_offset")[1].GetInt32());
        Assert.Equal(3, logprobs.GetProperty("top_logprobs")[values.Length - 1].EnumerateObject().Count());
    }

    [Fact]
    public async Task Zero_tokens_with_echo_give_the_prompt_back()
    {
        JsonElement answer = await PostAsync(Script.Saying("never shown"), """{"model":"gemma-4-demo","prompt":"Once","echo":true,"max_tokens":0}""");
        Assert.Equal("Once", answer.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal("length", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(0, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
    }

    [Fact]
    public async Task Best_of_gives_the_most_likely_answers_and_counts_all()
    {
        FakeEngine engine = Script.WithLogprobs("x");
        JsonElement answer = await PostAsync(engine, """{"model":"gemma-4-demo","prompt":"Once","best_of":3,"return_token_ids":true}""");
        Assert.Equal(1, answer.GetProperty("choices").GetArrayLength());
        Assert.Equal(6, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Assert.Equal(3, Assert.Single(engine.Requests).NumSequences);
    }

    [Fact]
    public async Task A_stop_text_across_tokens_ends_the_answer_and_the_work()
    {
        FakeEngine engine = Script.Gated("1 2 3 4 5 6 7 8 9", (_, _) => Task.CompletedTask);
        JsonElement answer = await PostAsync(engine, """{"model":"gemma-4-demo","prompt":"Count","stop":["2 3"]}""");
        Assert.Equal("1 ", answer.GetProperty("choices")[0].GetProperty("text").GetString());
        Assert.Equal("stop", answer.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task A_stream_looks_like_the_answer_in_pieces()
    {
        await using var server = new ServerUnderTest(FakeEngine.Saying(FinishReason.Length, ServerUnderTest.Tokenizer.Encode("ab")));
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(
            client, "/v1/completions", """{"model":"gemma-4-demo","prompt":"Once","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        JsonElement[] frames = Sse.Frames(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), isDone: true);
        Assert.Equal("ab", string.Concat(frames.SelectMany(f => f.GetProperty("choices").EnumerateArray()).Select(c => c.GetProperty("text").GetString())));
        Assert.All(frames[..^1], f => Assert.Equal(JsonValueKind.Null, f.GetProperty("usage").ValueKind));
        Assert.Equal("length", frames[^2].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Empty(frames[^1].GetProperty("choices").EnumerateArray());
        Assert.True(frames[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32() > 2);
    }

    [Theory]
    [InlineData("""{"prompt":"a","logprobs":6}""", "integer_above_max_value", "logprobs")]
    [InlineData("""{"prompt":"a","n":3,"best_of":2}""", "invalid_value", "best_of")]
    [InlineData("""{"prompt":"a","best_of":2,"stream":true}""", "invalid_parameter_combination", "best_of")]
    [InlineData("""{"prompt":{"a":1}}""", "invalid_type", "prompt")]
    [InlineData("""{"prompt":["a",1]}""", "invalid_type", "prompt[1]")]
    [InlineData("""{"prompt":[]}""", "empty_array", "prompt")]
    [InlineData("""{"prompt":[99999999]}""", "invalid_value", "prompt")]
    [InlineData("""{"prompt":"a","suffix":"b"}""", "unsupported_parameter", "suffix")]
    [InlineData("""{"prompt":"a","max_tokens":0}""", "integer_below_min_value", "max_tokens")]
    [InlineData("""{"prompt":"a","max_tokens":9000}""", null, "max_tokens")]
    [InlineData("""{}""", "missing_required_parameter", "prompt")]
    public async Task A_wrong_request_is_refused(string body, string? code, string param)
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string json = "{\"model\":\"gemma-4-demo\"" + (body.Length > 2 ? "," : "") + body[1..];
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/completions", json);
        await ErrorShapeTests.AssertErrorAsync(response, 400, "invalid_request_error", param, code, null);
    }

    [Fact]
    public async Task A_prompt_that_overflows_the_context_is_told_in_the_words_clients_know()
    {
        await using var server = new ServerUnderTest(Script.Saying("x"));
        using HttpClient client = await server.ReadyClientAsync();
        string prompt = string.Concat(Enumerable.Repeat("word ", 20000));
        using HttpResponseMessage response =
            await ServerUnderTest.PostAsync(client, "/v1/completions", $$"""{"model":"gemma-4-demo","prompt":"{{prompt}}"}""");
        JsonElement error = (await ServerUnderTest.JsonAsync(response)).GetProperty("error");
        Assert.Equal("context_length_exceeded", error.GetProperty("code").GetString());
        Assert.StartsWith("This model's maximum context length is 8192 tokens. However, your prompt resulted in ", error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> PostAsync(FakeEngine engine, string body)
    {
        await using var server = new ServerUnderTest(engine);
        using HttpClient client = await server.ReadyClientAsync();
        using HttpResponseMessage response = await ServerUnderTest.PostAsync(client, "/v1/completions", body);
        Assert.Equal(200, (int)response.StatusCode);
        return await ServerUnderTest.JsonAsync(response);
    }
}
