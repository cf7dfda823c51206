using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Server.Tests;

/// <summary>Reads every source file of the server and fails on an arrow between rooms that docs/architecture.md does not have.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Room → rooms it may know. A folder below a room is a room of its own where it stands here. The table has no circle, which
    /// <see cref="Arrows_make_no_circle"/> shows, and the document has the same one.</summary>
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Errors"] = [],
        ["Wire"] = [],
        ["Limits"] = ["Errors"],
        ["Metrics"] = [],
        ["Settings"] = [],
        ["Hub"] = [],
        ["Terminal"] = [],
        ["BatchFiles"] = ["Settings"],
        ["OpenAI"] = ["Wire", "Errors"],
        ["Anthropic"] = ["Wire", "Errors"],
        ["Ollama"] = ["Wire", "Errors"],
        ["Access"] = ["Settings", "Limits", "Errors"],
        ["Page"] = ["Settings"],
        ["Media"] = ["Metrics", "Limits", "Errors"],
        ["Serving"] = ["Hub", "Media", "Settings", "Errors"],
        ["Storage"] = ["OpenAI", "Access", "Settings", "Errors"],
        ["Streaming"] = ["Serving", "Metrics", "Settings", "Limits", "Errors"],
        ["Pipeline"] = ["OpenAI", "Anthropic", "Ollama", "Streaming", "Serving", "Metrics", "Settings", "Limits", "Errors"],
        ["Mapping"] = ["Wire", "Streaming", "Media", "Serving", "Metrics", "Settings", "Limits", "Errors"],
        ["Mapping/OpenAI"] = ["OpenAI", "Mapping", "Streaming", "Errors"],
        ["Mapping/Files"] = ["OpenAI", "Storage", "Media", "Settings", "Errors"],
        ["Mapping/Chat"] = ["OpenAI", "Wire", "Storage", "Mapping", "Mapping/OpenAI", "Mapping/Files", "Streaming", "Media", "Settings", "Errors"],
        ["Mapping/Completions"] = ["OpenAI", "Mapping", "Mapping/OpenAI", "Streaming", "Serving", "Settings", "Errors"],
        ["Mapping/Responses"] = ["OpenAI", "Wire", "Storage", "Mapping", "Mapping/OpenAI", "Mapping/Files", "Streaming", "Media", "Serving", "Metrics", "Settings", "Limits", "Errors"],
        ["Mapping/Audio"] = ["OpenAI", "Mapping", "Mapping/OpenAI", "Streaming", "Media", "Serving", "Settings", "Errors"],
        ["Mapping/Anthropic"] = ["Anthropic", "Storage", "Mapping", "Mapping/Files", "Wire", "Streaming", "Media", "Settings", "Errors"],
        ["Mapping/Ollama"] = ["Ollama", "Mapping", "Streaming", "Media", "Serving", "Settings", "Errors"],
        ["Batches"] = ["BatchFiles", "Mapping", "OpenAI", "Storage", "Serving", "Metrics", "Access", "Settings"],
        ["Endpoints"] =
        [
            "Mapping", "Mapping/OpenAI", "Mapping/Files", "Mapping/Chat", "Mapping/Completions", "Mapping/Responses", "Mapping/Audio", "Mapping/Anthropic", "Mapping/Ollama",
            "OpenAI", "Anthropic", "Ollama", "Storage", "Streaming", "Pipeline", "Access", "Serving", "Metrics", "Settings", "Limits", "Errors",
        ],
    };

    /// <summary>Rooms that, like the root files, stand above all others; nobody may know them.</summary>
    private static readonly string[] TopRooms = ["Hosting"];

    public static TheoryData<string> ServerFiles() =>
        [.. Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(Source, f).Replace('\\', '/'))];

    private static string Source { get; } = Path.Combine(RepositoryPaths.Root, "src", "Gemma4.Server");

    [Theory]
    [MemberData(nameof(ServerFiles))]
    public void Server_file_follows_the_arrows(string file)
    {
        string text = File.ReadAllText(Path.Combine(Source, file));
        Assert.DoesNotMatch(@"\bTorchSharp\b", text);
        string folder = Path.GetDirectoryName(file)!.Replace('\\', '/');
        if (folder is "" || TopRooms.Contains(folder.Split('/')[0]))
            return;
        string room = RoomOf(folder);
        Assert.True(MayKnow.ContainsKey(room), $"{file}: '{room}' is not a room of the house (see docs/architecture.md)");
        Assert.Equal($"Gemma4.Server.{folder.Replace('/', '.')}", Namespace().Match(text).Groups[1].Value);
        foreach (Match known in RoomReference().Matches(text))
        {
            string other = RoomOf(known.Groups[1].Value.Replace('.', '/'));
            if (other != room && (MayKnow.ContainsKey(other) || TopRooms.Contains(other)))
                Assert.True(MayKnow[room].Contains(other), $"{file}: {room} may not know {other}");
        }
    }

    [Fact]
    public void Arrows_make_no_circle()
    {
        var left = MayKnow.ToDictionary(room => room.Key, room => room.Value.ToHashSet());
        while (left.FirstOrDefault(room => room.Value.Count == 0).Key is { } free)
        {
            left.Remove(free);
            foreach (HashSet<string> known in left.Values)
                known.Remove(free);
        }
        Assert.True(left.Count == 0, $"These rooms know each other in a circle, or one that is no room: {string.Join(", ", left.Keys)}");
    }

    [Fact]
    public void Document_has_the_same_table()
    {
        string document = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "docs", "architecture.md"));
        foreach ((string room, string[] known) in MayKnow)
        {
            string row = Row(document, room);
            string arrows = row.TrimEnd().TrimEnd('|').Split('|')[^1].Trim();
            Assert.Equal(known.Length == 0 ? "nobody" : string.Join(", ", known), arrows);
        }
    }

    private static string Row(string document, string room) =>
        document.Split("## The rooms of the server")[1].Split('\n').Single(line => line.StartsWith($"| `{room}/`", StringComparison.Ordinal));

    /// <summary>The longest name of a room that the folder begins with.</summary>
    private static string RoomOf(string folder)
    {
        string[] parts = folder.Split('/');
        string two = string.Join('/', parts.Take(2));
        return MayKnow.ContainsKey(two) ? two : parts[0];
    }

    /// <summary>What a file says of a room: its namespace, whole or from <c>Gemma4.Server</c> on as C# lets it.</summary>
    [GeneratedRegex(@"(?:Gemma4\.Server\.|(?<![\w.])(?=(?:Access|Anthropic|Endpoints|Errors|Hosting|Mapping|Ollama|OpenAI|Page|Pipeline|Serving|Storage|Streaming|Wire)\.))([A-Z]\w+(?:\.[A-Z]\w+)?)")]
    private static partial Regex RoomReference();

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();
}
