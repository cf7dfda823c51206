using System.Security.Cryptography;
using System.Text;
using Gemma4.Engine;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Serving;

/// <summary>A checkpoint's files on disk.</summary>
internal static class CheckpointFiles
{
    /// <summary>The beginning of a weights file holds its header, or the first of it, which names tensors and their places.</summary>
    private const int HeadBytes = 1 << 20;

    /// <summary>Finds a checkpoint under the working directory, then beside the server.</summary>
    /// <exception cref="OptionsException">There is none.</exception>
    public static string Find(string path)
    {
        string[] candidates = [Path.GetFullPath(path), Path.GetFullPath(path, AppContext.BaseDirectory)];
        return candidates.FirstOrDefault(Checkpoint.IsAt) ?? throw new OptionsException(
            $"Model:Path '{path}' is no checkpoint: {string.Join(" and ", candidates.Distinct())} is neither a GGUF file nor a folder with a config.json or a GGUF file. Name one with --model PATH.");
    }

    /// <summary>Names build, weights and type: answers to one seed are the same only under one fingerprint.</summary>
    /// <param name="files">The checkpoint's files.</param>
    /// <param name="model">How it is computed.</param>
    public static string Fingerprint(IReadOnlyList<string> files, ModelOptions model)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(typeof(GemmaEngine).Module.ModuleVersionId.ToByteArray());
        hash.AppendData(Encoding.UTF8.GetBytes($"{model.Device} {model.Backend} {model.DType} {model.KvDType} {model.Quantization}"));
        byte[] head = new byte[HeadBytes];
        foreach (string file in files)
        {
            using FileStream stream = File.OpenRead(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetFileName(file)} {stream.Length}"));
            hash.AppendData(head, 0, stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false));
        }
        return "fp_" + Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 4));
    }

    /// <summary>Bytes of the files.</summary>
    public static long SizeBytes(IReadOnlyList<string> files) => files.Sum(file => new FileInfo(file).Length);
}
