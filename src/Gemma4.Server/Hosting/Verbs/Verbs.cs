using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Hosting;

/// <summary>The program's verbs: each is a command with help of its own, and serving is what it does without one.</summary>
internal static class Verbs
{
    private const string Serve = "serve";

    /// <summary>Runs a command line.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="input">What a person types.</param>
    /// <param name="output">Where the verb reports.</param>
    /// <param name="errors">Where it says what is wrong.</param>
    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextReader input, TextWriter output, TextWriter errors)
    {
        string[] whole = WithVerb(args);
        RootCommand root = Root(whole, input, output, errors);
        ParseResult result = root.Parse(whole, CommandLine.Parser);
        if (result.Action is ParseErrorAction)
        {
            await errors.WriteLineAsync(Describe(result));
            return ExitCodes.WrongCall;
        }
        try
        {
            // Signals are each verb's own matter: serving drains, a conversation goes on, the others end.
            return await result.InvokeAsync(new InvocationConfiguration { Output = output, Error = errors, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
        }
        catch (OptionsException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ExitCodes.WrongCall;
        }
        catch (HubException exception)
        {
            await errors.WriteLineAsync(exception.Message);
            return ExitCodes.Failed;
        }
    }

    private static RootCommand Root(string[] args, TextReader input, TextWriter output, TextWriter errors)
    {
        var root = new RootCommand("Gemma 4 on your own machine: behind OpenAI's HTTP API, and in the terminal. Without a verb it serves.")
        {
            ServeCommand.Create(Serve, args),
            ChatCommand.Create(input, output, errors),
            HealthCommand.Create(output, errors),
            PullCommand.Create(output, errors),
            ListCommand.Create(output),
            QuantizeCommand.Create(output, errors),
            PlanCommand.Create(output, errors),
            BenchCommand.Create(output, errors),
            CopyDataCommand.Create(output),
            BatchCommand.Create(output, errors),
            VerifyCommand.Create(output),
            ConformanceCommand.Create(args, output),
            OpenApiCommand.Create(output),
            ReferenceCommand.Create(output),
            CompletionCommand.Create(output),
        };
        foreach (Option option in CommandLine.Options())
            root.Add(option);
        root.Options.OfType<HelpOption>().Single().AddExamples();
        return root;
    }

    /// <summary>Serving needs no verb: a first argument that is a switch is one of its. <c>help VERB</c> is <c>VERB --help</c>.</summary>
    private static string[] WithVerb(string[] args) => args switch
    {
        [] => [Serve],
        ["help", .. var rest] => [.. rest, "--help"],
        ["-h" or "-?" or "--help" or "--version", ..] => args,
        [['-', ..], ..] => [Serve, .. args],
        _ => args,
    };

    /// <summary>One line for what is wrong with a call.</summary>
    private static string Describe(ParseResult result)
    {
        CommandResult command = result.CommandResult;
        bool isRoot = command.Parent is null;
        if (result.UnmatchedTokens is not [string token, ..])
            return $"{string.Join(' ', result.Errors[0].Message.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries))} See gemma4 {command.Command.Name} --help.";
        IEnumerable<string> known = isRoot ? command.Command.Subcommands.Select(verb => verb.Name) : command.Command.Options.Select(o => o.Name).Concat(command.Command.Subcommands.Select(s => s.Name)).Append("--help");
        string verb = isRoot ? "" : " " + command.Command.Name;
        return $"'{HubText.Line(token)}' is not {(isRoot ? "a verb of gemma4" : $"an argument of gemma4{verb}")}. Did you mean '{Spelling.Nearest(token, known)}'? See gemma4{verb} --help.";
    }
}
