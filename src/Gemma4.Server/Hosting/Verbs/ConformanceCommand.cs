using System.CommandLine;
using Gemma4.Conformance;

namespace Gemma4.Server.Hosting;

/// <summary><c>conformance CASES</c>: HTTP cases against a server that it starts.</summary>
internal static class ConformanceCommand
{
    /// <param name="args">The command line: what follows the verb is the conformance runner's to read.</param>
    /// <param name="output">Where it reports.</param>
    public static Command Create(string[] args, TextWriter output)
    {
        var command = new Command(
            "conformance", "Run a file of HTTP cases against a server that it starts: CASES.jsonl [--only REGEX] [--no vision,audio] [--skip FILE] [--verified-only] [--out FILE] [-- SWITCHES of serve]")
        {
            TreatUnmatchedTokensAsErrors = false,
        };
        command.SetAction((_, cancellationToken) => ConformanceVerb.RunAsync(args[1..], CheckedServer.StartAsync, output, cancellationToken));
        return command;
    }
}
