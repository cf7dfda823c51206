using System.CommandLine;

namespace Gemma4.Server.Hosting;

/// <summary><c>serve</c>: the server.</summary>
internal static class ServeCommand
{
    /// <param name="name">Its name.</param>
    /// <param name="args">The command line, whose switches are read where the server is built.</param>
    public static Command Create(string name, string[] args)
    {
        var command = new Command(name, "Serve a model behind OpenAI's, Anthropic's and Ollama's HTTP APIs.") { TreatUnmatchedTokensAsErrors = false };
        foreach (Option option in CommandLine.Options())
            command.Add(option);
        command.SetAction((_, _) => ServerRun.RunAsync(args[1..]));
        return command;
    }
}
