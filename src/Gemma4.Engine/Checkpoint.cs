using Gemma4.Engine.Backends.Torch;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Execution;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Loading.Repacked;
using Gemma4.Engine.Models;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine;

/// <summary>A checkpoint on disk: a folder in the Hugging Face layout, or GGUF files.</summary>
/// <remarks>Its configuration is read when it is opened, its weights only by the engine.</remarks>
public abstract class Checkpoint
{
    private const string GgufExtension = ".gguf", MmprojMark = Loading.Gguf.GgufFile.MmprojMark;

    /// <summary>The folder or file that it is called by.</summary>
    public abstract string Path { get; }

    /// <summary>The model.</summary>
    public abstract Gemma4Config Config { get; }

    /// <summary>How its weights are stored: <c>safetensors</c> or <c>gguf</c>.</summary>
    public abstract string Format { get; }

    /// <summary>Every file that makes it what it is, in a fixed order.</summary>
    public abstract IReadOnlyList<string> Files { get; }

    /// <summary>Whether a path is that of a checkpoint: a GGUF file, a folder with one, or a folder with a <c>config.json</c>.</summary>
    public static bool IsAt(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        return IsGguf(path) ? File.Exists(path) : File.Exists(System.IO.Path.Combine(path, FolderCheckpoint.ConfigFile)) || ModelsIn(path).Length > 0;
    }

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">A folder, or a GGUF file; of files that belong together, any.</param>
    /// <param name="mmproj">The GGUF file of a GGUF model's towers; null takes the one beside the model where <paramref name="path"/> is a folder,
    /// and none where it is a file.</param>
    /// <param name="textOnly">True where its towers are left away; without libtorch, which computes them, they always are.</param>
    /// <exception cref="CheckpointException">It is not a checkpoint that can be served; names file and key.</exception>
    public static Checkpoint Open(string path, string? mmproj = null, bool textOnly = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        textOnly |= !LibTorch.IsPresent;
        if (IsGguf(path))
            return new GgufCheckpoint(path, mmproj, textOnly);
        if (File.Exists(System.IO.Path.Combine(path, FolderCheckpoint.ConfigFile)) || ModelsIn(path) is not { Length: > 0 } models)
        {
            return mmproj is null
                ? new FolderCheckpoint(path, textOnly)
                : throw new CheckpointException(mmproj, $"goes with a GGUF model, and {path} is none: its towers are in its safetensors");
        }
        string model = Only(path, models, "model");
        return new GgufCheckpoint(model, mmproj ?? (GgufIn(path, isMmproj: true) is { Length: > 0 } towers ? Only(path, towers, "mmproj") : null), textOnly);
    }

    /// <summary>Reads the tokenizer.</summary>
    /// <exception cref="InvalidDataException">It is damaged.</exception>
    /// <exception cref="CheckpointException">It belongs to another model.</exception>
    public abstract Tokenizer LoadTokenizer();

    /// <summary>Reads the chat template; null where there is none.</summary>
    /// <param name="tokenizer">The checkpoint's own.</param>
    /// <exception cref="InvalidDataException">It cannot be read, or does not end.</exception>
    public abstract ChatRenderer? LoadChat(Tokenizer tokenizer);

    /// <summary>Finds the tensors; no data is touched.</summary>
    /// <exception cref="CheckpointException">A file is missing or malformed.</exception>
    internal abstract CheckpointTensors OpenTensors();

    /// <summary>Prepares to write it again, with some weights in panels.</summary>
    /// <param name="tensors">Those of <see cref="OpenTensors"/>.</param>
    /// <param name="plan">Which weights.</param>
    internal abstract Repacking Repack(CheckpointTensors tensors, RepackPlan plan);

    /// <summary>Finds all that the model needs; no data is touched.</summary>
    /// <exception cref="CheckpointException">A tensor is missing, malformed or not what the model needs.</exception>
    internal LocatedModel Locate() => LocatedModel.Find(Config, OpenTensors());

    /// <summary>Loads the model.</summary>
    /// <param name="compute">Where and how it computes.</param>
    /// <param name="progress">Told after each tensor.</param>
    /// <returns>The caller owns it.</returns>
    internal Gemma4Model LoadModel(ComputeOptions compute, IProgress<LoadProgress>? progress = null) =>
        ModelLoader.Load(Locate(), BackendFactory.Create(compute), progress, compute.LazyWeights);

    private static bool IsGguf(string path) => path.EndsWith(GgufExtension, StringComparison.OrdinalIgnoreCase);

    private static string[] ModelsIn(string folder) => GgufIn(folder, isMmproj: false);

    /// <summary>GGUF files of a folder, by what llama.cpp's tools call towers; of files that belong together the first.</summary>
    private static string[] GgufIn(string folder, bool isMmproj) => !Directory.Exists(folder) ? [] :
        [.. Directory.EnumerateFiles(folder, "*" + GgufExtension)
            .Where(f => System.IO.Path.GetFileName(f).Contains(MmprojMark, StringComparison.OrdinalIgnoreCase) == isMmproj && !GgufCheckpoint.IsLaterFile(f))
            .Order(StringComparer.Ordinal)];

    private static string Only(string folder, string[] files, string what) => files is [var one] ? one : throw new CheckpointException(
        folder, $"has {files.Length} {what} files; name one of {string.Join(", ", files.Select(System.IO.Path.GetFileName))}{(what == "model" ? "" : " with --mmproj")}");
}
