using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;

namespace Gemma4.Engine.Tests;

/// <summary>Reads every source file and fails on an arrow between rooms that the house does not have.</summary>
public sealed partial class ArchitectureTests
{
    /// <summary>Room → rooms it may know, as docs/architecture.md lists them.</summary>
    private static readonly Dictionary<string, string[]> MayKnow = new()
    {
        ["Requests"] = [],
        ["Configuration"] = [],
        ["Kernels"] = [],
        ["Tokenization"] = [],
        ["Chat"] = ["Requests", "Tokenization"],
        ["Vision"] = ["Requests", "Kernels", "Configuration"],
        ["Audio"] = ["Requests", "Kernels", "Configuration"],
        ["StructuredOutput"] = ["Requests", "Tokenization"],
        ["Parsing"] = ["Requests", "Tokenization"],
        ["KvCache"] = [],
        ["Scheduling"] = ["KvCache", "Requests"],
        ["Backends"] = ["Kernels"],
        ["Models"] = ["Backends", "Configuration"],
        ["Loading"] = ["Models", "Backends", "Kernels", "Configuration"],
        ["Sampling"] = ["Requests", "Kernels"],
        ["Execution"] = ["Backends", "Kernels", "Models", "Loading", "Sampling", "Scheduling", "KvCache", "Requests", "Configuration"],
        ["Simulation"] = ["Loading", "Scheduling", "KvCache", "Requests", "Configuration"],
    };

    /// <summary>Where text is computed with libtorch, and the towers, which always are: only these say TorchSharp.</summary>
    private static readonly string[] TensorRooms = ["Backends/Torch/", "Models/Towers/", "Models/Vision/", "Models/Audio/"];

    public static TheoryData<string> EngineFiles()
    {
        string engine = Path.Combine(RepositoryPaths.Root, "src", "Gemma4.Engine");
        return [.. Directory.EnumerateFiles(engine, "*.cs", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(engine, f))];
    }

    [Theory]
    [MemberData(nameof(EngineFiles))]
    public void Engine_file_follows_the_arrows(string file)
    {
        string room = file.Contains('/') ? file[..file.IndexOf('/')] : "";
        string text = File.ReadAllText(Path.Combine(RepositoryPaths.Root, "src", "Gemma4.Engine", file));
        Assert.DoesNotMatch(@"Gemma4\.Server|Microsoft\.AspNetCore|Serilog", text);
        if (!TensorRooms.Any(tensors => file.StartsWith(tensors, StringComparison.Ordinal)))
            Assert.DoesNotMatch(@"\bTorchSharp\b", text);
        if (room is "")
            return;
        Assert.True(MayKnow.ContainsKey(room), $"{file}: '{room}' is not a room of the house (see docs/architecture.md)");
        foreach (Match known in RoomReference().Matches(text))
        {
            string other = known.Groups[1].Value;
            if (other != room && MayKnow.ContainsKey(other))
                Assert.True(MayKnow[room].Contains(other), $"{file}: {room} may not know {other}");
        }
    }

    [Fact]
    public void Source_files_hold_one_idea()
    {
        string[] tooLong = [.. Directory
            .EnumerateFiles(Path.Combine(RepositoryPaths.Root, "src"), "*.cs", SearchOption.AllDirectories)
            .Where(f => File.ReadLines(f).Count() > 400 && !File.ReadLines(f).First().StartsWith("// Longer than 400 lines because", StringComparison.Ordinal))];
        Assert.Empty(tooLong);
    }

    [GeneratedRegex(@"Gemma4\.Engine\.([A-Z]\w+)")]
    private static partial Regex RoomReference();
}
