using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Loading.CompressedTensors;
using Gemma4.Engine.Loading.Repacked;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine;

/// <summary>A folder in the Hugging Face layout: <c>config.json</c>, <c>tokenizer.json</c>, <c>*.safetensors</c>.</summary>
internal sealed class FolderCheckpoint : Checkpoint
{
    /// <summary>The file that makes a folder a checkpoint.</summary>
    public const string ConfigFile = Gemma4Config.FileName;

    public FolderCheckpoint(string folder, bool textOnly)
    {
        Path = folder;
        var config = Gemma4Config.Load(folder);
        Config = textOnly ? config.TextOnly() : config;
    }

    public override string Path { get; }

    public override Gemma4Config Config { get; }

    public override string Format => "safetensors";

    public override IReadOnlyList<string> Files => [.. Directory.EnumerateFiles(Path)
        .Where(file => System.IO.Path.GetExtension(file) is ".json" or ".safetensors" or ".jinja")
        .Order(StringComparer.Ordinal)];

    public override Tokenizer LoadTokenizer()
    {
        string file = System.IO.Path.Combine(Path, "tokenizer.json");
        var tokenizer = Tokenizer.Load(file);
        Config.RequireTokenizer(file, tokenizer.VocabularySize);
        return tokenizer;
    }

    public override ChatRenderer? LoadChat(Tokenizer tokenizer) => HasTemplate() ? ChatRenderer.Load(Path) : null;

    internal override CheckpointTensors OpenTensors()
    {
        QuantizationConfig.Check(ConfigSection.Load(System.IO.Path.Combine(Path, ConfigFile)));
        return new SafetensorsTensors(CheckpointIndex.Read(Path));
    }

    internal override Repacking Repack(CheckpointTensors tensors, RepackPlan plan) =>
        new SafetensorsRepacking(Path, ((SafetensorsTensors)tensors).Index, plan);

    private bool HasTemplate()
    {
        string config = System.IO.Path.Combine(Path, TokenizerConfig.FileName);
        return File.Exists(System.IO.Path.Combine(Path, ChatTemplate.FileName))
            || (File.Exists(config) && File.ReadAllText(config).Contains("\"chat_template\"", StringComparison.Ordinal));
    }
}
