using System.Diagnostics;
using System.Runtime.InteropServices;
using Gemma4.Engine.Requests;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Clients;

/// <summary>Coding agents as people run them, against an engine that is scripted: their prompts are longer than the demo model's context. They are told
/// to ask no other host; <c>unshare -n</c> around the tests shows that they need none.</summary>
/// <remarks>With <c>GEMMA4_RECORD_CLIENTS=1</c> what they send becomes <c>tests/fixtures/clients</c>, which <see cref="RecordedClientTests"/> sends.</remarks>
public sealed partial class AgentProgramTests
{
    private const string Question = "Write the word five into answer.txt";
    private const string Done = "The word five is in answer.txt now.";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly string Modules = Path.Combine(RepositoryPaths.Root, "tests", "clients", "agents", "node_modules");

    [Theory]
    [InlineData("claude")]
    [InlineData("codex")]
    public async Task It_does_a_task_with_a_tool_and_says_so(string program)
    {
        var recorder = new RequestRecorder();
        await using var server = new ServerUnderTest(WithLongContext(new FakeEngine((request, _) => Script.Play(request, Answer(program, Prompt(request)))))) { Recorder = recorder };
        using var folder = new Folder();
        using Process process = Start(program, await server.ListeningAsync(), folder);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, output + errors);
        Assert.Contains(Done, output, StringComparison.Ordinal);
        Assert.Equal("five", (await File.ReadAllTextAsync(Path.Combine(folder.Path, "answer.txt"), TestContext.Current.CancellationToken)).Trim());
        Assert.DoesNotContain(server.Log.OfRequests, line => line.Contains(" 400 ", StringComparison.Ordinal) || line.Contains(" 500 ", StringComparison.Ordinal));
        if (Environment.GetEnvironmentVariable("GEMMA4_RECORD_CLIENTS") == "1")
            await RecordedClientTests.WriteAsync(program, recorder.Requests);
    }

    [Theory]
    [InlineData("claude")]
    [InlineData("codex")]
    public async Task It_can_be_stopped_while_it_waits_for_the_answer(string program)
    {
        FakeEngine engine = WithLongContext(Script.Endless("Let me see"));
        await using var server = new ServerUnderTest(engine);
        using var folder = new Folder();
        using Process process = Start(program, await server.ListeningAsync(), folder);
        await UntilAsync(() => engine.NumRunning > 0, process);
        Assert.Equal(0, Kill(process.Id, ServerProcess.Interrupt));
        await UntilAsync(() => engine.NumRunning == 0, process);
        if (!process.HasExited)
            process.Kill(entireProcessTree: true);
    }

    private static FakeEngine WithLongContext(FakeEngine engine)
    {
        engine.Info = engine.Info with { MaxContextLength = 262_144 };
        return engine;
    }

    private static string Prompt(GenerationRequest request) => ServerUnderTest.Tokenizer.Decode(request.PromptTokenIds.AsSpan());

    /// <summary>A call of the agent's shell, then an answer; a title where it asks for one beside the task.</summary>
    private static string Answer(string program, string prompt)
    {
        (string tool, string argument) = program == "claude" ? ("Bash", "command") : ("exec_command", "cmd");
        if (prompt.Contains($"response:{tool}", StringComparison.Ordinal))
            return Done;
        return prompt.Contains($"declaration:{tool}", StringComparison.Ordinal)
            ? $"<|tool_call>call:{tool}{{{argument}:<|\"|>echo five > answer.txt<|\"|>}}<tool_call|>"
            : "A word in a file";
    }

    private static Process Start(string program, Uri server, Folder folder)
    {
        string path = Path.Combine(Modules, program == "claude"
            ? "@anthropic-ai/claude-code-linux-x64/claude"
            : "@openai/codex-linux-x64/vendor/x86_64-unknown-linux-musl/bin/codex");
        if (!File.Exists(path))
            Assert.Skip("needs the packages of tests/clients/agents: npm ci --ignore-scripts --prefix tests/clients/agents");
        var start = new ProcessStartInfo(path) { WorkingDirectory = folder.Path, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        string address = server.ToString().TrimEnd('/');
        start.Environment["HOME"] = folder.Path;
        if (program == "claude")
        {
            foreach (string argument in (string[])["-p", Question, "--allowedTools", "Bash"])
                start.ArgumentList.Add(argument);
            start.Environment["ANTHROPIC_BASE_URL"] = address;
            start.Environment["ANTHROPIC_AUTH_TOKEN"] = "none";
            start.Environment["ANTHROPIC_MODEL"] = ServerUnderTest.Model;
            start.Environment["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = ServerUnderTest.Model;
            start.Environment["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1";
        }
        else
        {
            File.WriteAllText(Path.Combine(folder.Path, "config.toml"), $"""
                model = "{ServerUnderTest.Model}"
                model_provider = "gemma"
                [model_providers.gemma]
                name = "Gemma"
                base_url = "{address}/v1"
                wire_api = "responses"
                """);
            foreach (string argument in (string[])["exec", "--skip-git-repo-check", "--sandbox", "danger-full-access", Question])
                start.ArgumentList.Add(argument);
            start.Environment["CODEX_HOME"] = folder.Path;
        }
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        TestContext.Current.CancellationToken.Register(() => process.Kill(entireProcessTree: true));
        return process;
    }

    private static async Task UntilAsync(Func<bool> condition, Process process)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < Limit, $"{process.ProcessName} did not get there");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int processId, int signal);

    /// <summary>A folder of its own, which goes with it.</summary>
    private sealed class Folder : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("agent-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
