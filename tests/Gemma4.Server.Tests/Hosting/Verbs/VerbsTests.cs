using System.Globalization;
using System.Text.RegularExpressions;
using Gemma4.Server.Hosting;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Hosting;

/// <summary>The command line as a person types it: help, mistakes, completion.</summary>
public sealed class VerbsTests
{
    [Theory]
    [InlineData("--help", "serve", "chat", "pull <NAME>", "list", "verify", "conformance", "completion <", "--version", "gemma4 serve --model google/gemma-4-E2B-it", "Exit codes")]
    [InlineData("help", "Examples:")]
    [InlineData("help pull", "gemma4 pull unsloth/gemma-4-26B-A4B-it-GGUF:Q4_K_M", "HF_HOME", "--revision <REV>")]
    [InlineData("serve --help", "--model <PATH|ORG/NAME>", "[Model:Path]", "--port <PORT>", "--strict-params", "--config <FILE>", "GEMMA4__Section__Key", "--api-key")]
    [InlineData("chat --help", "--url <URL>", "--system <TEXT>", "switches of serve")]
    [InlineData("health --help", "switches of serve", "gemma4 health --port 9000")]
    [InlineData("pull --help", "gemma4 pull google/gemma-4-E2B-it --revision refs/pr/3")]
    [InlineData("list --help", "name, revision, size, form, path")]
    [InlineData("batch --help", "<IN> <OUT>", "--at-once <N>", "custom_id")]
    [InlineData("copy-data --help", "<FROM> <TO>", "PGPASSWORD")]
    [InlineData("quantize --help", "<IN> <OUT>", "none|int8|int4", "--mmproj <FILE>")]
    [InlineData("plan --help", "--context <TOKENS>", "--clients <N>", "--memory <BYTES>", "26B-A4B", "--bandwidth <BYTES/s>")]
    [InlineData("bench --help", "<MODEL>", "--threads <N>", "none|int8|int4")]
    [InlineData("verify --help", "models <DIR>", "templates", "tokenizer", "parsing", "structured")]
    [InlineData("conformance --help", "CASES.jsonl", "-- SWITCHES of serve")]
    [InlineData("openapi --help", "<FILE>")]
    [InlineData("completion --help", "source <(gemma4 completion bash)")]
    public async Task Help_of_every_verb_teaches_it(string args, params string[] expected)
    {
        (int exitCode, string output, string errors) = await RunAsync(args.Split(' '));
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.All(expected, text => Assert.Contains(text, output, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("sreve", "'sreve' is not a verb of gemma4. Did you mean 'serve'? See gemma4 --help.")]
    [InlineData("lst --port 1", "'lst' is not a verb of gemma4. Did you mean 'list'?")]
    [InlineData("pull", "See gemma4 pull --help.")]
    [InlineData("pull google/gemma-4-E2B-it --revison v1", "'--revison' is not an argument of gemma4 pull. Did you mean '--revision'?")]
    [InlineData("pull ../models", "'../models' is not the name of a model: write ORGANISATION/NAME")]
    [InlineData("quantize only-one", "See gemma4 quantize --help.")]
    [InlineData("quantize demo-model out --quantization int5", "int5")]
    [InlineData("quantize no-such-model /tmp/no-such-place", "'no-such-model' is no checkpoint")]
    [InlineData("plan --context 32q", "--context '32q': expected a number with a unit")]
    [InlineData("plan --memory 0GB", "--memory '0GB': expected a number with a unit")]
    [InlineData("plan --answer 4k", "--answer 4096: expected at least 2 tokens, and fewer than --context, which is 4096")]
    [InlineData("plan --answer 5k", "--answer '5k': expected a number with a unit, as in 4096 or 32k, at most 4096")]
    [InlineData("plan --bandwidth fast", "--bandwidth 'fast': expected a number with a unit, as in 24GB")]
    [InlineData("plan --arithmetic 3X", "--arithmetic '3X': expected a number with a unit, as in 400T")]
    [InlineData("plan --model 31B --context 1m --bandwidth 1GB --arithmetic 1T", "--context 1048576: the model was made for 262144 tokens")]
    [InlineData("bench", "See gemma4 bench --help.")]
    [InlineData("bench demo-model --threads 0", "--threads: expected 1 to 1024.")]
    [InlineData("bench no-such-model", "'no-such-model' is no checkpoint")]
    [InlineData("plan --clients 0", "--clients: expected 1 to 4096.")]
    [InlineData("batch no-such-file out.jsonl", "no-such-file cannot be read")]
    [InlineData("batch --at-once 0 in.jsonl out.jsonl", "--at-once: expected 1 to 512.")]
    [InlineData("copy-data memory /tmp/x", "memory keeps nothing to copy")]
    [InlineData("copy-data /tmp/x Host=a;Password=b", "A password on the command line")]
    [InlineData("list --all", "is not an argument of gemma4 list")]
    [InlineData("verify modles x", "'modles' is not an argument of gemma4 verify. Did you mean 'models'?")]
    [InlineData("completion tcsh", "tcsh")]
    [InlineData("chat --url http://127.0.0.1:1 --model x", "'--model' goes to a server that is started here")]
    [InlineData("chat --url 127.0.0.1", "is not the address of a server")]
    [InlineData("chat --prot 1", "Did you mean --port?")]
    [InlineData("health --prot 1", "Did you mean --port?")]
    [InlineData("health --port 0", "name the port that it took with --port")]
    [InlineData("serve --Modle:Path x", "Did you mean 'Model'? In the environment it is written GEMMA4__Model.")]
    public async Task A_wrong_call_is_one_line_with_a_hint_and_2(string args, string expected)
    {
        (int exitCode, string output, string errors) = await RunAsync(args.Split(' '));
        Assert.Equal((2, ""), (exitCode, output));
        Assert.Contains(expected, Assert.Single(errors.TrimEnd().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_planned_quantised_and_planned_again()
    {
        string folder = Directory.CreateTempSubdirectory("gemma4-verbs-").FullName, target = Path.Combine(folder, "demo-int4"), demo = Path.Combine(RepositoryPaths.Root, "demo-model");
        try
        {
            (int exitCode, string plan, _) = await RunAsync("plan", "--model", demo, "--clients", "4", "--context", "2k");
            Assert.Equal(0, exitCode);
            Assert.Contains("4 × 2048 tokens", plan, StringComparison.Ordinal);
            Assert.Matches(@"speed +[0-9.]+ tokens/s for one client", plan);
            Assert.Matches(@"[0-9.]+ GB/s of memory measured here, [0-9.]+ T multiplications/s measured here", plan);
            (exitCode, string file, _) = await RunAsync("quantize", demo, target, "--quantization", "int4");
            Assert.Equal(0, exitCode);
            Assert.Equal(target, Path.GetDirectoryName(file.TrimEnd()));
            (exitCode, string again, _) = await RunAsync("plan", "--model", target, "--clients", "4", "--context", "2k", "--bandwidth", "20GB/s", "--arithmetic", "400G");
            Assert.Equal(0, exitCode);
            Assert.NotEqual(plan, again);
            (exitCode, string tooSmall, _) = await RunAsync("plan", "--model", target, "--memory", "1MB", "--bandwidth", "20GB/s", "--arithmetic", "400G");
            Assert.Equal(1, exitCode);
            Assert.Contains("It does not fit", tooSmall, StringComparison.Ordinal);
            (exitCode, string second, string errors) = await RunAsync("quantize", demo, target, "--quantization", "int4");
            Assert.Equal((1, ""), (exitCode, second));
            Assert.Contains("not empty", errors, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_released_model_is_planned_by_its_size_alone()
    {
        (int exitCode, string plan, _) = await RunAsync(
            "plan", "--model", "31B", "--quantization", "int4", "--context", "8k", "--clients", "8", "--memory", "80GB", "--bandwidth", "3.3TB/s", "--arithmetic", "400T");
        Assert.Equal(0, exitCode);
        Assert.Contains("8 × 8192 tokens", plan, StringComparison.Ordinal);
        Assert.Contains("of 80.0 GB", plan, StringComparison.Ordinal);
        Assert.Contains("3300.0 GB/s of memory as given, 400 T multiplications/s as given", plan, StringComparison.Ordinal);
        // A token alone reads 16 to 18 GB of weights and a GB of cache: 3.3 TB/s do that 170 to 200 times a second.
        Assert.InRange(double.Parse(Regex.Match(plan, @"speed +([0-9.]+) tokens/s for one client").Groups[1].Value, CultureInfo.InvariantCulture), 160, 210);
        (exitCode, string tooMuch, _) = await RunAsync(
            "plan", "--model", "31B", "--quantization", "int4", "--context", "32k", "--clients", "50", "--memory", "80GB", "--bandwidth", "3.3TB/s", "--arithmetic", "400T");
        Assert.Equal(1, exitCode);
        Assert.Matches(@"It does not fit: [0-9.]+ GB too much\. [0-9]+ clients of 32768 tokens would fit, or 50 of [0-9]+;", tooMuch);
        Assert.Contains("tokens/s for 50 clients together", tooMuch, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_is_timed()
    {
        (int exitCode, string output, string errors) = await RunAsync("bench", Path.Combine(RepositoryPaths.Root, "demo-model"), "--threads", "1");
        Assert.Equal((0, ""), (exitCode, errors));
        Assert.Contains("demo-model: 1 threads, 0.0", output, StringComparison.Ordinal);
        foreach (string line in (string[])[@"prompt +512 tokens .* tokens/s", @"decode, 1 sequence +1 tokens .* GB/s of weights", @"decode, 8 sequences +8 tokens .* tokens/s", @"memory +[0-9.]+ GB resident", @"bandwidth +[0-9.]+ GB/s"])
            Assert.Matches($"(?m)^{line}", output);
    }

    [Fact]
    public async Task The_version_is_a_line() => Assert.Matches(@"^1\.0\.0[^\n]*\n$", (await RunAsync("--version")).Output);

    [Theory]
    [InlineData("gemma4 l", "list")]
    [InlineData("gemma4 --po", "--port")]
    [InlineData("gemma4 serve --quant", "--quantization")]
    [InlineData("gemma4 serve --quantization ", "int4")]
    [InlineData("gemma4 completion ", "zsh")]
    public async Task A_shell_is_told_what_may_stand_there(string line, string expected) =>
        Assert.Contains(expected, (await RunAsync($"[suggest:{line.Length}]", line)).Output.Split('\n'));

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task A_shell_gets_its_script(string shell) => Assert.Contains("[suggest:", (await RunAsync("completion", shell)).Output, StringComparison.Ordinal);

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] args)
    {
        var output = new StringWriter();
        var errors = new StringWriter();
        int exitCode = await global::Gemma4.Server.Hosting.Verbs.RunAsync(args, TextReader.Null, output, errors);
        return (exitCode, output.ToString(), errors.ToString());
    }
}
