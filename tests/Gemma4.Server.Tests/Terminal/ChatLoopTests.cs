using System.Text.Json.Nodes;
using Gemma4.Engine.Requests;
using Gemma4.Server.Terminal;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Terminal;

/// <summary>Conversations with a server in this process, over HTTP as with any.</summary>
public sealed class ChatLoopTests : IDisposable
{
    private readonly StringWriter _output = new();
    private readonly Interrupts _interrupts = new();

    [Fact]
    public async Task An_answer_is_written_and_the_conversation_goes_on()
    {
        FakeEngine engine = Script.Saying("The capital is Paris.");
        string output = await TalkAsync(engine, "Capital of France?\nAnd then?\n");
        Assert.Equal("The capital is Paris.\nThe capital is Paris.\n", output);
        string[] prompts = [.. engine.Requests.Select(r => ServerUnderTest.Tokenizer.Decode(r.PromptTokenIds.AsSpan()))];
        Assert.Contains("And then?", prompts[1], StringComparison.Ordinal);
        Assert.Contains("The capital is Paris.", prompts[1], StringComparison.Ordinal);
        Assert.DoesNotContain("And then?", prompts[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Thoughts_are_dim_and_not_kept()
    {
        FakeEngine engine = Script.Saying("<|channel>thought\nFrance, then.<channel|>Paris.");
        string output = await TalkAsync(engine, "/think low\nCapital of France?\nWhy?\n", hasColors: true);
        Assert.StartsWith("\u001b[2mFrance, then.\u001b[0m\nParis.\n", output, StringComparison.Ordinal);
        Assert.DoesNotContain("France, then.", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_colours_thoughts_are_in_brackets() =>
        Assert.Equal("[Hm.]\nParis.\n", await TalkAsync(Script.Saying("<|channel>thought\nHm.<channel|>Paris."), "/think low\nHi\n"));

    [Fact]
    public async Task An_image_and_an_audio_clip_go_with_the_next_message()
    {
        FakeEngine engine = Script.Saying("Seen.");
        string media = Path.Combine(RepositoryPaths.Root, "docs");
        await TalkAsync(engine, $"/image {media}/shapes.png\n/audio {media}/digits.wav\nWhat is it?\nAnd now?\n");
        Assert.Equal([2, 2], engine.Requests.Select(r => r.Media.Length)); // the second has them as history
    }

    [Fact]
    public async Task What_cannot_be_is_said_and_the_conversation_goes_on()
    {
        string output = await TalkAsync(Script.Saying("Yes."), "/image /nowhere.png\n/nonsense\nHello\n");
        Assert.Contains("/nowhere.png cannot be read", output, StringComparison.Ordinal);
        Assert.Contains("'/nonsense' is none of these", output, StringComparison.Ordinal);
        Assert.EndsWith("Yes.\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_question_is_taken_back()
    {
        FakeEngine engine = Script.Saying("Yes.");
        engine.Rejection = new RequestRejectedException(RejectionReason.QueueFull, "Too many.");
        Task<string> talk = TalkAsync(engine, new Waiting("First\n", () => engine.Rejection = null, "Second\n"));
        Assert.Contains("429: ", await talk, StringComparison.Ordinal);
        Assert.DoesNotContain("First", ServerUnderTest.Tokenizer.Decode(engine.Requests.Last().PromptTokenIds.AsSpan()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ctrl_C_stops_the_answer_and_not_the_conversation()
    {
        FakeEngine engine = Script.Endless("On and on");
        Task<string> talk = TalkAsync(engine, "Go\nAgain\n/exit\n");
        for (int answer = 1; answer <= 2; answer++)
        {
            while (_output.ToString().Split("On and on").Length <= answer)
                await Task.Delay(5, TestContext.Current.CancellationToken);
            _interrupts.Interrupt();
        }
        Assert.Equal("On and on …\nOn and on …\n", await talk);
        Assert.Equal(2, engine.Aborts.Count);
    }

    [Fact]
    public async Task A_model_cannot_move_the_cursor()
    {
        using var listener = new StubServer(
            """{"data": [{"id": "x\u001b]0;y"}]}""",
            "data: {\"choices\": [{\"delta\": {\"content\": \"a\\u001b[2Jb\\nc\"}}]}\n\ndata: [DONE]\n\n");
        using var client = new ChatClient(listener.Address, null);
        await new ChatLoop(client, _interrupts, new StringReader("Hi\n"), _output, isInteractive: true, hasColors: false).RunAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain('\u001b', _output.ToString());
        Assert.Contains("a[2Jb\nc", _output.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "serves no models")]
    [InlineData("<html>", "serves no models")]
    [InlineData("{\"data\": [{\"id\": 5}]}", "serves no models")]
    public async Task What_is_no_server_is_said_to_be_none(string models, string message)
    {
        using var listener = new StubServer(models, "");
        using var client = new ChatClient(listener.Address, null);
        ChatException fault = await Assert.ThrowsAsync<ChatException>(() => client.ModelAsync(TestContext.Current.CancellationToken));
        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named_with_what_to_do()
    {
        using var client = new ChatClient(new Uri("http://127.0.0.1:1"), null);
        ChatException fault = await Assert.ThrowsAsync<ChatException>(() => client.ModelAsync(TestContext.Current.CancellationToken));
        Assert.Contains("http://127.0.0.1:1/v1/ does not answer", fault.Message, StringComparison.Ordinal);
        Assert.Contains("gemma4 serve", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_request_holds_the_whole_conversation()
    {
        var conversation = new Conversation { System = "Be brief.", Effort = "low" };
        conversation.Ask("m", "One");
        conversation.Answered("1");
        JsonObject body = conversation.Ask("m", "Two");
        Assert.Equal("""{"model":"m","stream":true,"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"One"},{"role":"assistant","content":"1"},{"role":"user","content":"Two"}],"reasoning_effort":"low"}""", body.ToJsonString());
        conversation.Clear();
        Assert.Equal(2, conversation.Ask("m", "Three")["messages"]!.AsArray().Count);
    }

    public void Dispose()
    {
        _interrupts.Dispose();
        _output.Dispose();
    }

    private Task<string> TalkAsync(FakeEngine engine, string input, bool hasColors = false) => TalkAsync(engine, new StringReader(input), hasColors);

    private async Task<string> TalkAsync(FakeEngine engine, TextReader input, bool hasColors = false)
    {
        await using var server = new ServerUnderTest(engine);
        using var client = new ChatClient(await server.ListeningAsync(), null);
        await new ChatLoop(client, _interrupts, input, TextWriter.Synchronized(_output), isInteractive: false, hasColors).RunAsync(TestContext.Current.CancellationToken);
        return _output.ToString();
    }

    /// <summary>Two lines, and something that happens between them.</summary>
    private sealed class Waiting(string first, Action between, string second) : TextReader
    {
        private int _line;

        public override ValueTask<string?> ReadLineAsync(CancellationToken cancellationToken)
        {
            if (++_line == 2)
                between();
            return ValueTask.FromResult(_line switch { 1 => first.Trim(), 2 => second.Trim(), _ => null });
        }
    }
}
