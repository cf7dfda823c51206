using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Gemma4.Testing;
using Xunit;
using YamlDotNet.Serialization;

namespace Gemma4.Server.Tests.Deploy;

/// <summary><c>kubectl kustomize</c>, and what it makes of <c>deploy/kubernetes</c>.</summary>
internal static partial class Kustomize
{
    private static readonly IDeserializer Reader = new DeserializerBuilder().WithAttemptingUnquotedStringTypeDeserialization().Build();
    private static readonly ISerializer Writer = new SerializerBuilder().JsonCompatible().Build();

    /// <summary>The folder of all of it.</summary>
    public static string Folder { get; } = Path.Combine(RepositoryPaths.Root, "deploy", "kubernetes");

    /// <summary>Skips the test where kubectl is not installed, or its Kustomize is older than 5.</summary>
    public static async Task SkipWhereAbsentAsync()
    {
        string? version = Environment.GetEnvironmentVariable("PATH")!.Split(':').Any(folder => File.Exists(Path.Combine(folder, "kubectl")))
            ? (await RunAsync("version", "--client")).Output : null;
        if (version is null || KustomizeVersion().Match(version) is not { Success: true } match || int.Parse(match.Groups[1].Value) < 5)
            Assert.Skip($"needs kubectl with Kustomize 5 or newer; found {version?.ReplaceLineEndings(" ") ?? "none"}");
    }

    /// <summary>The objects of a kustomization, each as a document of YAML; it must be rendered without a word.</summary>
    /// <param name="folder">Below <see cref="Folder"/>, or absolute.</param>
    public static async Task<string[]> BuildAsync(string folder)
    {
        (int exitCode, string output, string errors) = await RunAsync("kustomize", Path.Combine(Folder, folder));
        Assert.True(exitCode == 0, errors);
        Assert.Empty(errors);
        return output.Split("\n---\n");
    }

    /// <summary>A document of YAML as JSON.</summary>
    public static JsonNode Json(string yaml) => JsonNode.Parse(Writer.Serialize(Reader.Deserialize<object>(yaml)!))!;

    private static async Task<(int ExitCode, string Output, string Errors)> RunAsync(params string[] args)
    {
        using Process process = Process.Start(new ProcessStartInfo("kubectl", args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        Task<string> output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    [GeneratedRegex(@"Kustomize Version: v(\d+)")]
    private static partial Regex KustomizeVersion();
}
