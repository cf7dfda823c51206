using System.CommandLine;

namespace Gemma4.Server.Hosting;

/// <summary><c>reference FILE</c>: writes the reference of all settings, which is docs/configuration.md.</summary>
internal static class ReferenceCommand
{
    public static Command Create(TextWriter output)
    {
        var file = new Argument<string>("FILE") { Description = "the file that is written" };
        var command = new Command("reference", "Write the reference of all settings, in Markdown: key, switch, variable, default, values, meaning.") { file };
        command.SetAction(async (result, cancellationToken) =>
        {
            string path = Path.GetFullPath(result.GetValue(file)!);
            await File.WriteAllTextAsync(path, SettingsReference.Render(), cancellationToken);
            await output.WriteLineAsync(path);
            return ExitCodes.Done;
        });
        return command;
    }
}
