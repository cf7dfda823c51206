using System.Text.Json;
using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>What documents name is there: files, headings, verbs, switches, settings, tests. Blocks say their language.</summary>
public sealed partial class DocumentTests
{
    /// <summary>Switches of other programs that prose names.</summary>
    private static readonly string[] OthersSwitches = ["build"];

    public static TheoryData<string> Files => [.. ProjectDocuments.Files];

    [Fact]
    public void Every_block_says_its_language() => Assert.All(
        ProjectDocuments.Blocks,
        block => Assert.True(
            block.Language is not ("" or "bash" or "shell" or "console"),
            $"{block.File}:{block.Line}: write ```sh for commands, which tests run, ```text for drawings and output, or the language's name."));

    [Theory]
    [MemberData(nameof(Files))]
    public void Code_stands_in_fences(string file)
    {
        string before = "";
        foreach ((int number, string line) in ProjectDocuments.ProseOf(file))
        {
            Assert.False(before.Length == 0 && line.StartsWith("    ", StringComparison.Ordinal) && line.Trim().Length > 0, $"{file}:{number}: put the code into a fence, ```sh for commands.");
            before = line;
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Links_lead_somewhere(string file)
    {
        foreach ((int number, string line) in ProjectDocuments.ProseOf(file))
        {
            foreach (string target in Link().Matches(line).Select(m => m.Groups[1].Value).Where(t => !t.Contains("://", StringComparison.Ordinal) && !t.StartsWith("mailto:", StringComparison.Ordinal)))
            {
                string[] parts = target.Split('#');
                string path = parts[0].Length == 0 ? file : Path.Combine(Path.GetDirectoryName(file)!, parts[0]);
                Assert.True(Path.Exists(Path.Combine(RepositoryPaths.Root, path)), $"{file}:{number}: {target} leads nowhere");
                if (parts.Length > 1)
                    Assert.True(HeadingsOf(path).Contains(parts[1]), $"{file}:{number}: {path} has no heading #{parts[1]}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Names_in_prose_are_those_of_something(string file)
    {
        foreach ((int number, string line) in ProjectDocuments.ProseOf(file))
        {
            string where = $"{file}:{number}";
            foreach (string code in Code().Matches(line).Select(m => m.Groups[1].Value))
            {
                Assert.Empty(CommandNames.FaultsOfSettings(code).Select(fault => $"{where}: {fault}"));
                if (Verb().Match(code) is { Success: true } verb)
                    Assert.True(CommandNames.HasVerb(verb.Groups[1].Value), $"{where}: ./dev has no verb {verb.Groups[1].Value}");
                if (Switch().Match(code) is { Success: true } name && !OthersSwitches.Contains(name.Groups[1].Value))
                    Assert.True(IsKnown(name.Groups[1].Value), $"{where}: no program here has a switch --{name.Groups[1].Value}; one of another program's goes into DocumentTests.OthersSwitches");
                if (Test().IsMatch(code))
                    Assert.True(Tests.Value.Contains(code), $"{where}: there are no tests {code}");
            }
        }
    }

    [Fact]
    public void JSON_is_JSON() => Assert.All(
        ProjectDocuments.In("json"),
        block => Assert.True(IsJson(block.Text), $"{block.File}:{block.Line} is no JSON"));

    private static Lazy<HashSet<string>> Tests { get; } = new(() =>
        [.. Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)!)]);

    /// <summary>Sources and scripts whose switches prose may name beside the program's.</summary>
    private static Lazy<string> Scripts { get; } = new(() => string.Join('\n', new[] { "bench", "deploy", "src" }
        .SelectMany(folder => Directory.GetFiles(Path.Combine(RepositoryPaths.Root, folder), "*", SearchOption.AllDirectories))
        .Where(file => Path.GetExtension(file) is ".cs" or ".sh" or ".py" && !file.Contains("/obj/", StringComparison.Ordinal)).Select(File.ReadAllText)));

    private static bool IsKnown(string name) => CommandNames.IsSwitch(name) || Regex.IsMatch(Scripts.Value, $@"--{Regex.Escape(name)}(?![\w-])");

    private static bool IsJson(string text)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>Names of a document's headings, as web pages make them.</summary>
    private static IEnumerable<string> HeadingsOf(string file) => ProjectDocuments.ProseOf(file).Where(line => line.Text.StartsWith('#'))
        .Select(line => NoWord().Replace(line.Text.TrimStart('#').Trim().ToLowerInvariant(), "").Replace(' ', '-'));

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(@"^\./dev ([a-z-]+)")]
    private static partial Regex Verb();

    [GeneratedRegex(@"^--([A-Za-z][A-Za-z:-]*)")]
    private static partial Regex Switch();

    [GeneratedRegex("^[A-Z][A-Za-z0-9]+Tests$")]
    private static partial Regex Test();

    [GeneratedRegex(@"[^\w\- ]")]
    private static partial Regex NoWord();
}
