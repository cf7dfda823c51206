using Gemma4.Testing;

namespace Gemma4.Server.Tests.Documents;

/// <summary>The documents that people read: README.md, docs, and the READMEs of folders that they are led to.</summary>
internal static class ProjectDocuments
{
    private static readonly string[] Folders = ["docs", "deploy", "demo-model", "bench"];

    /// <summary>Their paths from the repository's root.</summary>
    public static IReadOnlyList<string> Files { get; } =
    [
        "README.md",
        .. Folders.SelectMany(folder => Directory.GetFiles(Path.Combine(RepositoryPaths.Root, folder), "*.md", SearchOption.AllDirectories))
            .Select(file => Path.GetRelativePath(RepositoryPaths.Root, file)).Order(StringComparer.Ordinal),
    ];

    /// <summary>All fenced blocks, in order.</summary>
    public static IReadOnlyList<DocumentBlock> Blocks { get; } =
        [.. Files.SelectMany(file => BlocksOf(file).GroupBy(block => block.FirstLine).SelectMany(alike => alike.Index().Select(b => b.Item with { Number = b.Index + 1 })))];

    /// <summary>The blocks in a language.</summary>
    public static IEnumerable<DocumentBlock> In(string language) => Blocks.Where(block => block.Language == language);

    /// <summary>A document's lines.</summary>
    public static string[] LinesOf(string file) => File.ReadAllLines(Path.Combine(RepositoryPaths.Root, file));

    /// <summary>The lines outside of blocks, with their numbers.</summary>
    public static IEnumerable<(int Number, string Text)> ProseOf(string file)
    {
        bool isInside = false;
        foreach ((int index, string line) in LinesOf(file).Index())
        {
            bool isFence = line.StartsWith("```", StringComparison.Ordinal);
            if (!isFence && !isInside)
                yield return (index + 1, line);
            isInside ^= isFence;
        }
    }

    private static IEnumerable<DocumentBlock> BlocksOf(string file)
    {
        string[] lines = LinesOf(file);
        for (int begin = 0; begin < lines.Length; begin++)
        {
            if (!lines[begin].StartsWith("```", StringComparison.Ordinal))
                continue;
            int end = Array.IndexOf(lines, "```", begin + 1);
            if (end < 0)
                throw new InvalidDataException($"{file}:{begin + 1}: this fence is never closed.");
            yield return new DocumentBlock(
                file, begin + 1, lines[begin][3..].Trim(), string.Join('\n', lines[(begin + 1)..end]), lines.Skip(end + 1).FirstOrDefault(line => line.Length > 0) ?? "");
            begin = end;
        }
    }
}
