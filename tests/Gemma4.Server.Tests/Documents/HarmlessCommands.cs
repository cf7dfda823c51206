using System.Text.RegularExpressions;

namespace Gemma4.Server.Tests.Documents;

/// <summary>Which commands tests may run on whatever machine they are on: those that change nothing outside of the folder they run in, and ask nobody but the server of the test. A block with any other is
/// never run, so no document can have a test install, deploy or overwrite something.</summary>
internal static partial class HarmlessCommands
{
    private static readonly string[] Programs = ["gemma4", "curl", "echo", "base64", "promtool"];

    /// <summary>Programs with the arguments that make them harmless.</summary>
    private static readonly string[] Beginnings = ["dotnet run -c Release --project src/Gemma4.Server", "./dev verify "];

    /// <summary>What a shell's lines call beside these; nothing where all of it is harmless.</summary>
    public static IReadOnlyList<string> Others(string text)
    {
        string bare = Quoted().Replace(text.Replace("\\\n", " ", StringComparison.Ordinal), "''");
        IEnumerable<string> commands = bare.Split('\n').Select(line => Comment().Replace(line, "")).SelectMany(line => line.Split(["&&", "||", ";", "|", "&"], StringSplitOptions.None))
            .Select(command => command.Trim()).Where(command => command.Length > 0);
        return
        [
            .. commands.Where(command => !Programs.Contains(command.Split(' ')[0]) && !Beginnings.Any(beginning => command.StartsWith(beginning, StringComparison.Ordinal))).Select(command => command.Split(' ')[0]),
            .. Substituted().Matches(text).Select(m => m.Groups[1].Value).Where(program => !Programs.Contains(program)),
            .. Address().Matches(text).Select(m => m.Value).Where(address => !address.StartsWith("http://127.0.0.1:8000", StringComparison.Ordinal)),
            .. text.Contains('`') ? ["`"] : Array.Empty<string>(),
            .. OutsideFile().Matches(bare).Select(m => m.Value),
        ];
    }

    /// <summary>Texts in quotes, over several lines, without looking at what is in them.</summary>
    [GeneratedRegex("""'[^']*'|"[^"]*" """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    /// <summary>Commands whose output is put into another's arguments.</summary>
    [GeneratedRegex(@"[$<>]\(\s*([^\s)]+)")]
    private static partial Regex Substituted();

    [GeneratedRegex(@"https?://[^\s'""]+")]
    private static partial Regex Address();

    /// <summary>Output to a file that is named from the root or from above.</summary>
    [GeneratedRegex(@">\s*(?:/(?!dev/null)|\.\.|~)\S*")]
    private static partial Regex OutsideFile();
}
