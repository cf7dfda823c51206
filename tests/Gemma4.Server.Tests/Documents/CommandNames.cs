using System.Text.RegularExpressions;
using Gemma4.Server.Hosting;
using Gemma4.Testing;

namespace Gemma4.Server.Tests.Documents;

/// <summary>Whether what commands and prose name is there: verbs, switches, settings, variables, files.</summary>
internal static partial class CommandNames
{
    private const string Program = "dotnet run -c Release --project src/Gemma4.Server";

    private static readonly Lazy<string> ServerSource = new(() => SourceOf("src"));

    /// <summary>What is wrong with the names in a shell's lines; nothing where all are there.</summary>
    public static IEnumerable<string> FaultsOf(string text)
    {
        string compose = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docker-compose.yml"));
        foreach (string command in Commands(text))
        {
            Match variables = Assignments().Match(command);
            string rest = command[variables.Length..].Replace(Program + " --", "gemma4", StringComparison.Ordinal).Replace(Program, "gemma4", StringComparison.Ordinal);
            IEnumerable<string> options = Option().Matches(rest).Select(m => m.Groups[1].Value);
            if (rest.StartsWith("gemma4", StringComparison.Ordinal))
            {
                foreach (string option in options.Where(o => !IsSwitch(o)))
                    yield return $"gemma4 has no switch --{option}";
            }
            else if (Project().Match(rest) is { Success: true } project)
            {
                string folder = project.Groups[1].Value, own = rest[project.Length..], source = SourceOf(folder);
                foreach (string option in Option().Matches(own).Select(m => m.Groups[1].Value).Where(o => !Regex.IsMatch(source, $@"--{o}(?![\w-])")))
                    yield return $"{folder} has no option --{option}";
            }
            else if (rest.StartsWith("docker compose", StringComparison.Ordinal))
            {
                foreach (string profile in Profile().Matches(rest).Select(m => m.Groups[1].Value).Where(p => !Regex.IsMatch(compose, $@"profiles:.*\b{p}\b")))
                    yield return $"docker-compose.yml has no profile {profile}";
                foreach (string variable in Variable().Matches(variables.Value).Select(m => m.Groups[1].Value).Where(v => !compose.Contains("${" + v, StringComparison.Ordinal)))
                    yield return $"docker-compose.yml has no variable {variable}";
            }
            foreach (string fault in Verb().Matches(rest).Select(m => m.Groups[1].Value).Where(v => !HasVerb(v)).Select(v => $"./dev has no verb {v}")
                .Concat(FaultsOfSettings(command)).Concat(Files().Matches(rest).Select(m => m.Value.TrimEnd('.', '/')).Where(f => !Exists(f)).Select(f => $"there is no {f}")))
                yield return fault;
        }
    }

    /// <summary>Settings that a text names, as keys or as variables, and that are none.</summary>
    public static IEnumerable<string> FaultsOfSettings(string text)
    {
        foreach (Match match in Setting().Matches(text))
        {
            (string section, string key) = (match.Groups[1].Value, match.Groups[2].Value);
            Type? options = OptionsBinding.Sections.FirstOrDefault(s => s.Section == section).Options;
            if (options is not null && options.GetProperties().All(p => p.Name != key))
                yield return $"there is no setting {section}:{key}";
        }
    }

    /// <summary>Whether the program has a switch: one of <c>serve</c>, or one that a verb's source names.</summary>
    public static bool IsSwitch(string name) => name.Contains(':') || CommandLine.Switches.Any(s => s.Name == name) || name is "help" or "version"
        || ServerSource.Value.Contains($"\"--{name}\"", StringComparison.Ordinal) || (name == "config" && CommandLine.Options().Any(o => o.Name == "--config"));

    /// <summary>Whether <c>./dev</c> has a verb.</summary>
    public static bool HasVerb(string name) => File.ReadAllLines(Path.Combine(RepositoryPaths.Root, "dev")).Any(line => line.StartsWith($"  {name})", StringComparison.Ordinal));

    private static bool Exists(string path) => Path.Exists(Path.Combine(RepositoryPaths.Root, path));

    private static string SourceOf(string folder) => Exists(folder)
        ? string.Join('\n', Directory.GetFiles(Path.Combine(RepositoryPaths.Root, folder), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText))
        : "";

    /// <summary>Commands, each on a line of its own and without comments.</summary>
    private static IEnumerable<string> Commands(string text) => text.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        .Select(line => Comment().Replace(line, "")).SelectMany(line => line.Split(["&&", "||", ";", "|"], StringSplitOptions.None)).Select(c => c.Trim()).Where(c => c.Length > 0);

    [GeneratedRegex(@"(^|\s)#.*$")]
    private static partial Regex Comment();

    [GeneratedRegex(@"^(?:[A-Z][A-Z0-9_a-z]*=\S*\s+)+")]
    private static partial Regex Assignments();

    [GeneratedRegex(@"([A-Z][A-Z0-9_a-z]*)=")]
    private static partial Regex Variable();

    [GeneratedRegex(@"(?<=\s)--([A-Za-z][A-Za-z0-9:-]*)")]
    private static partial Regex Option();

    [GeneratedRegex(@"^dotnet run -c Release --project (bench/\S+)")]
    private static partial Regex Project();

    [GeneratedRegex(@"--profile (\S+)")]
    private static partial Regex Profile();

    [GeneratedRegex(@"(?:^|\s)\./dev ([a-z-]+)")]
    private static partial Regex Verb();

    [GeneratedRegex(@"(?<![A-Za-z])([A-Z][A-Za-z]+)(?::|__)([A-Z][A-Za-z]+)(?![\w…*])")]
    private static partial Regex Setting();

    [GeneratedRegex(@"(?<=^|\s|=|@|')(?:src|bench|tests|docs|deploy|demo-model|build|\.ci)/[\w./-]+")]
    private static partial Regex Files();
}
