namespace Gemma4.Server.Hosting;

/// <summary>What the program does other than serving: the first argument, when it is no switch.</summary>
internal static class Verbs
{
    /// <summary>Runs the verb of the command line, if it has one.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="output">Where the verb reports.</param>
    /// <param name="exitCode">0 when all holds, 1 when something does not, 2 when the call is wrong.</param>
    /// <returns>False when the server is to start.</returns>
    public static bool TryRun(IReadOnlyList<string> args, TextWriter output, out int exitCode)
    {
        exitCode = 0;
        if (args.Count == 0 || (args[0].StartsWith('-') && args[0] is not ("--help" or "-h")))
            return false;
        switch (args[0])
        {
            case "--help" or "-h" or "help":
                output.Write(CommandLine.Help());
                break;
            default:
                output.WriteLine($"'{args[0]}' is not a verb of this program. See --help.");
                exitCode = 2;
                break;
        }
        return true;
    }
}
