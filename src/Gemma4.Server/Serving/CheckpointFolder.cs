using System.Security.Cryptography;
using System.Text;
using Gemma4.Engine;
using Gemma4.Engine.Chat;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Serving;

/// <summary>The folder of a checkpoint on disk.</summary>
internal static class CheckpointFolder
{
    /// <summary>The beginning of a weights file holds its header, which names every tensor and its place.</summary>
    private const int HeadBytes = 1 << 20;

    /// <summary>Finds a folder under the working directory, then beside the server.</summary>
    /// <exception cref="OptionsException">There is none.</exception>
    public static string Find(string path)
    {
        string[] candidates = [Path.GetFullPath(path), Path.GetFullPath(path, AppContext.BaseDirectory)];
        return candidates.FirstOrDefault(c => File.Exists(Path.Combine(c, "config.json"))) ?? throw new OptionsException(
            $"Model:Path '{path}' is not the folder of a checkpoint: there is no config.json in {string.Join(" nor in ", candidates.Distinct())}. Name one with --model DIR.");
    }

    /// <summary>Whether it can answer conversations.</summary>
    public static bool HasTemplate(string folder)
    {
        string config = Path.Combine(folder, "tokenizer_config.json");
        return File.Exists(Path.Combine(folder, ChatTemplate.FileName))
            || (File.Exists(config) && File.ReadAllText(config).Contains("\"chat_template\"", StringComparison.Ordinal));
    }

    /// <summary>Names build, weights and type: answers to one seed are the same only under one fingerprint.</summary>
    public static string Fingerprint(string folder, ModelOptions model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(typeof(GemmaEngine).Module.ModuleVersionId.ToByteArray());
        hash.AppendData(Encoding.UTF8.GetBytes($"{model.Device} {model.DType}"));
        byte[] head = new byte[HeadBytes];
        foreach (string file in Directory.EnumerateFiles(folder).Where(IsPartOfModel).Order(StringComparer.Ordinal))
        {
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)} {stream.Length}"));
            hash.AppendData(head, 0, stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false));
        }
        return "fp_" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4));
    }

    /// <summary>Bytes of the files that are the model.</summary>
    public static long SizeBytes(string folder) => Directory.EnumerateFiles(folder).Where(IsPartOfModel).Sum(file => new FileInfo(file).Length);

    private static bool IsPartOfModel(string file) => Path.GetExtension(file) is ".json" or ".safetensors" or ".jinja";
}
