using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests.Documents;

/// <summary>Messages that documents quote, with <c>…</c> for what differs, are those that the program writes.</summary>
public sealed partial class TroubleshootingTests
{
    /// <summary>Tables whose first column holds messages, by how they begin.</summary>
    private static readonly string[] Heads = ["| Message |", "| What happened |"];

    /// <summary>Messages of others.</summary>
    private static readonly string[] Foreign = ["Unable to load shared library 'LibTorchSharp'"];

    /// <summary>Literals as they are joined, a file a line.</summary>
    private static readonly string[] Sources = [.. Directory.GetFiles(Path.Combine(RepositoryPaths.Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal)).Select(file => Join().Replace(File.ReadAllText(file), ""))];

    public static TheoryData<string, string> Messages => [.. new[] { "docs/troubleshooting.md", "docs/models.md" }.SelectMany(file => MessagesOf(file).Select(m => (file, m)))];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Message_is_in_the_sources(string file, string message)
    {
        var pattern = new Regex(string.Join(@"[^\n]{0,300}?", message.Split('…', StringSplitOptions.RemoveEmptyEntries).Select(Regex.Escape)));
        Assert.True(Sources.Any(pattern.IsMatch), $"{file} quotes a message that the program does not write: {message}");
    }

    [Fact]
    public void Messages_are_found_in_both() => Assert.True(Messages.Count > 30);

    private static IEnumerable<string> MessagesOf(string file)
    {
        bool isTable = false;
        foreach ((_, string line) in ProjectDocuments.ProseOf(file))
        {
            isTable = line.StartsWith('|') && (isTable || Heads.Any(head => line.StartsWith(head, StringComparison.Ordinal)));
            if (!isTable)
                continue;
            foreach (string message in Code().Matches(line.Split(" | ")[0]).Select(m => m.Groups[1].Value).Where(m => !Foreign.Contains(m)))
                yield return message;
        }
    }

    /// <summary>Between two literals that are added to one another, on one line or two.</summary>
    [GeneratedRegex("\"\\s*\\+\\s*\\$?\"")]
    private static partial Regex Join();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
