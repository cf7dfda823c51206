using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Gemma4.Server.Hosting;

/// <summary>Help that ends with calls one can type.</summary>
internal static class HelpExamples
{
    private static readonly Dictionary<string, string> Examples = new()
    {
        [""] = """
            Examples:
              gemma4                                                        serve the demo model on http://127.0.0.1:8000
              gemma4 serve --model google/gemma-4-E2B-it                    a model of the hub: from the cache, else fetched
              gemma4 chat --model unsloth/gemma-4-E2B-it-GGUF:Q4_K_M        talk to one in this terminal
              gemma4 pull google/gemma-4-E2B-it && gemma4 list              fetch one, and see what is there
              gemma4 serve --help                                           what a verb takes

            Every key of appsettings.json can be set too, as --Section:Key VALUE or as an environment variable GEMMA4__Section__Key.
            Exit codes: 0 done, 1 the model or a check failed, 2 the call or a setting is wrong.
            """,
        ["serve"] = """
            Examples:
              gemma4 serve --model /models/gemma-4-E2B-it --port 9000
              gemma4 serve --model model.gguf --mmproj mmproj.gguf --api-key secret --host 0.0.0.0
              gemma4 serve --config /etc/gemma4.json --Engine:BlockSize 32

            Every key of appsettings.json can be set too, as --Section:Key VALUE or as an environment variable GEMMA4__Section__Key.
            """,
        ["chat"] = """
            Examples:
              gemma4 chat                                                   the demo model, in this process
              gemma4 chat --model google/gemma-4-E2B-it --quantization int4
              gemma4 chat --url http://127.0.0.1:8000                       a server that runs

            Without --url it takes the switches of serve too. In a conversation /help lists what can be typed.
            """,
        ["health"] = """
            Examples:
              gemma4 health                                                 the server of this environment's settings
              gemma4 health --port 9000
              gemma4 health --config /etc/gemma4.json

            It waits three seconds. While the model loads, and while the server drains, the exit code is 1.
            """,
        ["pull"] = """
            Examples:
              gemma4 pull google/gemma-4-E2B-it
              gemma4 pull unsloth/gemma-4-26B-A4B-it-GGUF:Q4_K_M
              gemma4 pull google/gemma-4-E2B-it --revision refs/pr/3

            HF_HOME, HF_TOKEN, HF_ENDPOINT and HF_HUB_OFFLINE mean what they mean to Hugging Face's own programs.
            """,
        ["quantize"] = """
            Examples:
              gemma4 quantize google/gemma-4-E2B-it ./e2b-int4 --quantization int4 && gemma4 --model ./e2b-int4
              gemma4 quantize gemma-4-26B-A4B-it-Q4_0.gguf ./26b        the same bits, mapped at the next start instead of packed
            """,
        ["batch"] = """
            Examples:
              gemma4 batch requests.jsonl answers.jsonl
              gemma4 batch --model google/gemma-4-E2B-it --at-once 32 requests.jsonl answers.jsonl

            Lines are those of OpenAI's batches: {"custom_id": "1", "method": "POST", "url": "/v1/chat/completions", "body": {…}}. Ended at any
            moment, the same call goes on where it was.
            """,
        ["copy-data"] = """
            Examples:
              gemma4 copy-data ~/.local/state/gemma4 "Host=db;Database=gemma4;Username=gemma4"
              gemma4 copy-data "Host=/run/postgresql;Database=gemma4" /var/lib/gemma4

            Stop the servers that use either. A password goes into PGPASSWORD or PGPASSFILE.
            """,
        ["plan"] = """
            Examples:
              gemma4 plan --model google/gemma-4-E2B-it --quantization int4 --context 32k --clients 8
              gemma4 plan --model gemma-4-31B-it-Q4_0.gguf --memory 24GB
              gemma4 plan --model 31B --context 32k --clients 50 --memory 140GB --bandwidth 3.3TB/s --arithmetic 400T

            A size needs no files: it is planned for as it is published, in bfloat16, or rounded by --quantization.
            Clients send their next prompt when the last is answered; they are served by the server's own scheduler in simulated time. docs/program.md has what was measured beside it.
            """,
        ["bench"] = """
            Examples:
              gemma4 bench gemma-4-E2B-it-Q4_0.gguf
              gemma4 bench google/gemma-4-26B-A4B-it --quantization int4 --threads 8

            A line a figure; run nothing else meanwhile. docs/performance.md has what was measured.
            """,
        ["completion"] = """
            Examples:
              source <(gemma4 completion bash)                              in ~/.bashrc
              source <(gemma4 completion zsh)                               in ~/.zshrc
              gemma4 completion fish | source                               in ~/.config/fish/config.fish
            """,
    };

    /// <summary>Adds them to the help of all commands.</summary>
    public static void AddExamples(this HelpOption help) => help.Action = new ExamplesAction((HelpAction)help.Action!);

    private sealed class ExamplesAction(HelpAction help) : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            int exitCode = help.Invoke(parseResult);
            string name = parseResult.CommandResult.Parent is null ? "" : parseResult.CommandResult.Command.Name;
            if (Examples.TryGetValue(name, out string? examples))
                parseResult.InvocationConfiguration.Output.WriteLine(examples);
            return exitCode;
        }
    }
}
