using Gemma4.Testing;

namespace Gemma4.Server.Tests;

/// <summary>Copies of the demo model that cannot be served, each for a reason of its own.</summary>
internal sealed class BrokenCheckpoints : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("gemma4-broken-").FullName;

    /// <summary>What is done to the copy, by name.</summary>
    public static readonly IReadOnlyDictionary<string, Action<string>> Kinds = new Dictionary<string, Action<string>>
    {
        ["no folder"] = folder => Directory.Delete(folder, recursive: true),
        ["weights missing"] = folder => File.Delete(Path.Combine(folder, "model.safetensors")),
        ["weights cut"] = folder => Cut(Path.Combine(folder, "model.safetensors"), 5_000_000),
        ["weights' header cut"] = folder => Cut(Path.Combine(folder, "model.safetensors"), 1000),
        ["weights are noise"] = folder => File.WriteAllBytes(Path.Combine(folder, "model.safetensors"), Noise()),
        ["config is no JSON"] = folder => File.WriteAllText(Path.Combine(folder, "config.json"), "{"),
        ["config is empty"] = folder => File.WriteAllText(Path.Combine(folder, "config.json"), "{}"),
        ["config has other sizes"] = folder => Replace(Path.Combine(folder, "config.json"), "\"hidden_size\": ", "\"hidden_size\": 1"),
        ["tokenizer missing"] = folder => File.Delete(Path.Combine(folder, "tokenizer.json")),
        ["tokenizer is empty"] = folder => File.WriteAllText(Path.Combine(folder, "tokenizer.json"), "{}"),
        ["template does not parse"] = folder => File.WriteAllText(Path.Combine(folder, "chat_template.jinja"), "{% if %}"),
        ["generation config is no JSON"] = folder => File.WriteAllText(Path.Combine(folder, "generation_config.json"), "["),
    };

    /// <summary>Makes one.</summary>
    /// <returns>Its folder.</returns>
    public string Make(string kind)
    {
        string folder = Path.Combine(_root, Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        foreach (string file in Directory.EnumerateFiles(RepositoryPaths.DemoModel))
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        Kinds[kind](folder);
        return folder;
    }

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_root, recursive: true);

    private static void Cut(string file, int length)
    {
        using FileStream stream = File.OpenWrite(file);
        stream.SetLength(length);
    }

    private static void Replace(string file, string old, string with)
    {
        string text = File.ReadAllText(file);
        if (!text.Contains(old, StringComparison.Ordinal))
            throw new InvalidDataException($"{file} has no {old}");
        File.WriteAllText(file, text.Replace(old, with, StringComparison.Ordinal));
    }

    private static byte[] Noise()
    {
        byte[] noise = new byte[4096];
        new Random(1).NextBytes(noise);
        return noise;
    }
}
