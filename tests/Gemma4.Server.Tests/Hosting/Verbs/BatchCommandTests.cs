using System.Text.Json;
using Gemma4.Server.Hosting;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary><c>gemma4 batch</c>: a file of requests to a file of answers.</summary>
public sealed class BatchCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Every_line_is_answered_once_and_a_run_that_was_ended_is_gone_on_from()
    {
        string input = _folder.Write("in.jsonl", string.Join('\n',
            Line("a", "/v1/chat/completions", """{"model":"gemma-4-demo","temperature":0,"messages":[{"role":"user","content":"What is the capital of France?"}]}"""),
            Line("b", "/v1/responses", """{"model":"gemma-4-demo","temperature":0,"input":"What is the capital of France?"}"""),
            "",
            Line("c", "/v1/completions", """{"model":"gemma-4-demo","prompt":"Once","max_tokens":3}"""),
            Line("d", "/v1/chat/completions", """{"model":"gemma-4-demo","temperature":9,"messages":[{"role":"user","content":"Hi"}]}"""),
            Line("e", "/v1/chat/completions", """{"model":"gemma-4-demo","temperature":0,"messages":[{"role":"user","content":"What is 7 + 5?"}]}""")));
        // As a run left it that was killed in the middle of a line.
        string output = _folder.Write("out.jsonl", """{"id":"batch_req_e","custom_id":"e","response":{"status_code":200,"request_id":null,"body":{"kept":true}},"error":null}""" + "\n{\"id\":\"batch_req_a\",\"cust");
        (int exitCode, string said, string errors) = await RunAsync(input, output);
        Assert.True(exitCode == 0, errors);
        Assert.StartsWith("5 of 5 lines, 1 of them refused, ", said, StringComparison.Ordinal);
        Dictionary<string, JsonElement> answers = File.ReadAllLines(output).Select(line => JsonElement.Parse(line)).ToDictionary(line => line.GetProperty("custom_id").GetString()!, line => line.GetProperty("response"));
        Assert.Equal(["a", "b", "c", "d", "e"], answers.Keys.Order());
        Assert.True(answers["e"].GetProperty("body").GetProperty("kept").GetBoolean());
        Assert.Equal(
            "The capital of France is Paris.",
            answers["a"].GetProperty("body").GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("completed", answers["b"].GetProperty("body").GetProperty("status").GetString());
        Assert.Equal((400, "temperature"), (answers["d"].GetProperty("status_code").GetInt32(), answers["d"].GetProperty("body").GetProperty("error").GetProperty("param").GetString()));
        byte[] before = File.ReadAllBytes(output);
        (exitCode, said, _) = await RunAsync(input, output);
        Assert.Equal((0, "5 of 5 lines: all were answered before"), (exitCode, said.Trim()));
        Assert.Equal(before, File.ReadAllBytes(output));
    }

    [Theory]
    [InlineData("{", "line 1: it is not JSON")]
    [InlineData("[]", "line 1: it is not an object")]
    [InlineData("""{"custom_id":"a","method":"GET","url":"/v1/responses","body":{}}""", "line 1: method must be POST")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/files","body":{}}""", "line 1: url must be one of")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/responses"}""", "line 1: body must be an object")]
    [InlineData("""{"custom_id":"a","method":"POST","url":"/v1/responses","body":{"stream":true}}""", "line 1: body.stream")]
    [InlineData("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{}}\r\n{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/responses\",\"body\":{}}", "line 2: custom_id 'a' stands there twice")]
    public async Task A_line_that_is_wrong_is_named_before_anything_is_done(string lines, string expected)
    {
        (int exitCode, _, string errors) = await RunAsync(_folder.Write("in.jsonl", lines), _folder["out.jsonl"]);
        Assert.Equal(2, exitCode);
        Assert.Contains(expected, errors, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder["out.jsonl"]));
    }

    [Fact]
    public async Task A_file_that_holds_no_answers_is_left_alone()
    {
        string input = _folder.Write("in.jsonl", Line("a", "/v1/responses", "{}")), output = _folder.Write("notes.txt", "my notes\n");
        (int exitCode, _, string errors) = await RunAsync(input, output);
        Assert.Equal(2, exitCode);
        Assert.Contains("holds something else than answers", errors, StringComparison.Ordinal);
        Assert.Equal("my notes\n", File.ReadAllText(output));
    }

    private static string Line(string id, string url, string body) => $$"""{"custom_id":"{{id}}","method":"POST","url":"{{url}}","body":{{body}}}""";

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string input, string output)
    {
        using StringWriter said = new(), errors = new();
        int exitCode = await Verbs.RunAsync(["batch", "--model", RepositoryPaths.DemoModel, "--threads=1", input, output], TextReader.Null, said, errors);
        return (exitCode, said.ToString(), errors.ToString());
    }
}
