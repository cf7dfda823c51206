using System.Security.Cryptography;
using System.Text;
using Gemma4.Engine;
using Gemma4.Server.Hub;
using Gemma4.Server.Settings;

namespace Gemma4.Server.Serving;

/// <summary>A checkpoint's files on disk.</summary>
internal static class CheckpointFiles
{
    /// <summary>The beginning of a weights file holds its header, or the first of it, which names tensors and their places.</summary>
    private const int HeadBytes = 1 << 20;

    /// <summary>Looks for a checkpoint under the working directory, then beside the server.</summary>
    /// <returns>Null where there is none.</returns>
    public static string? TryFind(string path) => Places(path).FirstOrDefault(Checkpoint.IsAt);

    /// <summary>Finds a checkpoint: under the working directory, beside the server, in the cache, on the hub.</summary>
    /// <param name="model">Names it.</param>
    /// <param name="display">Shows the download, where there is one.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <returns>Its folder or file, and the file of its towers where that is known.</returns>
    /// <exception cref="OptionsException">There is none.</exception>
    /// <exception cref="HubException">It cannot be had from the hub.</exception>
    public static async Task<(string Path, string? Mmproj)> FindAsync(ModelOptions model, IDownloadProgress display, CancellationToken cancellationToken)
    {
        if (TryFind(model.Path) is { } path)
            return (path, model.Mmproj);
        ModelName name = ModelName.TryParse(model.Path, model.Revision) ?? throw new OptionsException(
            $"Model:Path '{model.Path}' is no checkpoint: {string.Join(" and ", Places(model.Path).Distinct())} is neither a GGUF file nor a folder with a config.json or a GGUF file. "
            + $"Name one with --model PATH, or a model of the hub with --model {Suggestion(model.Path)}, which is fetched.");
        LocalModel local = await new ModelHub(HubSettings.Read()).GetAsync(name, display, cancellationToken);
        return (local.Path, model.Mmproj ?? local.Mmproj);
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

    private static string[] Places(string path) => [Path.GetFullPath(path), Path.GetFullPath(path, AppContext.BaseDirectory)];

    /// <summary>The name that a folder which is not there may have been meant for.</summary>
    private static string Suggestion(string path)
    {
        string[] parts = path.Split('/', '\\', StringSplitOptions.RemoveEmptyEntries);
        return ModelName.TryParse(string.Join('/', parts.TakeLast(2)))?.ToString()
            ?? (parts is [.., { } last] ? ModelName.TryParse($"google/{last}")?.ToString() : null)
            ?? "google/gemma-4-E2B-it";
    }

    /// <summary>Bytes of the files.</summary>
    public static long SizeBytes(IReadOnlyList<string> files) => files.Sum(file =>
    {
        using FileStream stream = File.OpenRead(file); // the length of a link is another
        return stream.Length;
    });
}
