using System.CommandLine;

namespace Gemma4.Server.Hosting;

/// <summary><c>completion SHELL</c>: the script by which a shell completes this program's command lines. It asks the program itself.</summary>
internal static class CompletionCommand
{
    private static readonly Dictionary<string, string> Scripts = new()
    {
        ["bash"] = """
            _gemma4() {
                local IFS=$'\n'
                COMPREPLY=($(compgen -W "$(gemma4 "[suggest:$COMP_POINT]" "$COMP_LINE" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
                [ ${#COMPREPLY[@]} -gt 0 ] || compopt -o default
            }
            complete -F _gemma4 gemma4
            """,
        ["zsh"] = """
            _gemma4() {
                local -a found
                found=("${(@f)$(gemma4 "[suggest:$CURSOR]" "$BUFFER" 2>/dev/null)}")
                [[ -n $found ]] && compadd -- $found || _files
            }
            compdef _gemma4 gemma4
            """,
        ["fish"] = """
            complete -c gemma4 -a '(gemma4 "[suggest:"(commandline -C)"]" (commandline -p) 2>/dev/null)'
            """,
        ["pwsh"] = """
            Register-ArgumentCompleter -Native -CommandName gemma4 -ScriptBlock {
                param($word, $line, $cursor)
                gemma4 "[suggest:$cursor]" "$line" | Where-Object { $_ -like "$word*" } | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
            }
            """,
    };

    public static Command Create(TextWriter output)
    {
        var shell = new Argument<string>("SHELL") { Description = "the shell" };
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        var command = new Command("completion", "Write the script by which a shell completes verbs, switches and cached models.") { shell };
        command.SetAction(result =>
        {
            output.WriteLine(Scripts[result.GetValue(shell)!]);
            return ExitCodes.Done;
        });
        return command;
    }
}
