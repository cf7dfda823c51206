namespace Gemma4.Server.Hub;

/// <summary>The files of a repository that make up a model, and which of them it is opened by.</summary>
/// <param name="Files">All of them.</param>
/// <param name="Gguf">The GGUF file, of several that belong together the first; null where the model is a folder in safetensors.</param>
/// <param name="Mmproj">The GGUF file with its towers, if there is one.</param>
internal sealed record ModelFiles(IReadOnlyList<HubFile> Files, HubFile? Gguf, HubFile? Mmproj)
{
    /// <summary>The list of a checkpoint's weights files, by tensor.</summary>
    public const string IndexFile = "model.safetensors.index.json";

    private const string ConfigFile = "config.json", WeightsExtension = ".safetensors";

    /// <summary>Beside the weights, what the engine reads or a processor of another program wants. A name that ends in <c>*</c> is a beginning.</summary>
    private static readonly string[] Wanted =
    [
        ConfigFile, "generation_config.json", "tokenizer*", "special_tokens_map.json", "added_tokens.json", "chat_template*",
        "processor_config.json", "preprocessor_config.json", "video_preprocessor_config.json", IndexFile,
    ];

    /// <summary>Bytes of all files.</summary>
    public long SizeBytes => Files.Sum(file => file.Size);

    /// <summary>Chooses.</summary>
    /// <param name="model">The name that was asked for.</param>
    /// <param name="all">What there is: on the hub, or of a snapshot in the cache.</param>
    /// <exception cref="HubException">The repository has no model that can be served, or several of which one must be named.</exception>
    public static ModelFiles Choose(ModelName model, IReadOnlyList<HubFile> all)
    {
        HubFile[] root = [.. all.Where(file => file.Folder.Length == 0)];
        bool isFolder = root.Any(file => file.Name == ConfigFile) && root.Any(IsWeights);
        bool hasGguf = all.Any(GgufFiles.IsModel);
        if (model.Quantization is not null && !hasGguf)
        {
            throw new HubException($"{model.Repository} has no GGUF files, so there is no '{model.Quantization}' to choose. "
                + (isFolder ? $"Write --model {model with { Quantization = null }}, and --quantization int8 or int4 to round its weights while loading." : ""));
        }
        if (hasGguf && (model.Quantization is not null || !isFolder))
            return GgufFiles.Choose(model, all);
        if (!isFolder)
            throw new HubException($"{model.Repository} holds no model in a form that can be served: neither {ConfigFile} with *{WeightsExtension} nor a GGUF file.");
        return new ModelFiles([.. root.Where(file => IsWeights(file) || IsWanted(file.Name))], null, null);
    }

    private static bool IsWeights(HubFile file) => file.Name.EndsWith(WeightsExtension, StringComparison.Ordinal);

    private static bool IsWanted(string name) => Array.Exists(
        Wanted, wanted => wanted.EndsWith('*') ? name.StartsWith(wanted[..^1], StringComparison.Ordinal) : name == wanted);
}
