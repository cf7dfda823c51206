using Gemma4.Conformance;
using Gemma4.Engine.Verification;

namespace Gemma4.Server.Hosting;

/// <summary>What the program does other than serving: the first argument, when it is no switch.</summary>
internal static class Verbs
{
    /// <summary>Runs the verb of the command line, if it has one.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">Where the verb reports.</param>
    /// <returns>The exit code (0 when all holds, 1 when something does not, 2 when the call is wrong), or null when the server is to start.</returns>
    public static async Task<int?> TryRunAsync(IReadOnlyList<string> args, TextWriter output)
    {
        if (args.Count == 0 || (args[0].StartsWith('-') && args[0] is not ("--help" or "-h")))
            return null;
        string[] rest = [.. args.Skip(1)];
        switch (args[0])
        {
            case "--help" or "-h" or "help":
                await output.WriteAsync(CommandLine.Help());
                return 0;
            case "conformance":
                return await ConformanceVerb.RunAsync(rest, CheckedServer.StartAsync, output, CancellationToken.None);
            case "openapi":
                return await OpenApiVerb.RunAsync(rest, output);
            case "verify":
                return await VerifyAsync(rest, output);
            default:
                await output.WriteLineAsync($"'{args[0]}' is not a verb of this program. See --help.");
                return 2;
        }
    }

    private static async Task<int> VerifyAsync(string[] args, TextWriter output)
    {
        Func<IReadOnlyList<string>, TextWriter, bool>? run = args.FirstOrDefault() switch
        {
            "models" => ModelVerifier.Run,
            "templates" => (a, o) => TemplateVerifier.Run(a, o) == 0,
            "tokenizer" => TokenizerVerifier.Run,
            "parsing" => ParsingVerifier.Run,
            "structured" => StructuredVerifier.Run,
            _ => null,
        };
        if (run is not null)
            return run([.. args.Skip(1)], output) ? 0 : 1;
        await output.WriteLineAsync("verify models DIR | templates CHAT_JSON TEMPLATES_DIR | tokenizer CASES_JSON KEY=TOKENIZER_JSON… | parsing FILE | structured FILE");
        return 2;
    }
}
