using Gemma4.Engine.Chat;
using Gemma4.Engine.Configuration;
using Gemma4.Engine.Loading;
using Gemma4.Engine.Loading.Gguf;
using Gemma4.Engine.Loading.Repacked;
using Gemma4.Engine.Tokenization;

namespace Gemma4.Engine;

/// <summary>A model in GGUF, with its towers in a file of their own where it has any.</summary>
internal sealed class GgufCheckpoint : Checkpoint
{
    private const string TemplateKey = "tokenizer.chat_template";

    private readonly GgufFile _model;
    private readonly GgufFile? _mmproj;

    public GgufCheckpoint(string model, string? mmproj, bool textOnly)
    {
        _model = GgufFile.Read(model);
        _mmproj = mmproj is null ? null : GgufFile.Read(mmproj);
        Gemma4Config config = GgufConfig.Read(_model, _mmproj);
        Config = textOnly ? config.TextOnly() : config;
    }

    public override string Path => _model.Path;

    public override Gemma4Config Config { get; }

    public override string Format => "gguf";

    public override IReadOnlyList<string> Files => [.. _model.Files, .. _mmproj?.Files ?? []];

    /// <summary>Whether a file is one of several that belong together, and not the first.</summary>
    public static bool IsLaterFile(string path) => GgufFile.NumberOf(path) > 1;

    public override Tokenizer LoadTokenizer() => GgufTokenizer.Load(_model.Metadata);

    public override ChatRenderer? LoadChat(Tokenizer tokenizer) => _model.Metadata.OptionalString(TemplateKey) is { } template
        ? ChatRenderer.Create($"{Path}: {TemplateKey}", template, GgufTokenizer.SpecialTokens(tokenizer))
        : null;

    internal override CheckpointTensors OpenTensors() => new GgufTensors(_model, Config.LeavesTowers ? null : _mmproj);

    internal override Repacking Repack(CheckpointTensors tensors, RepackPlan plan) => new GgufRepacking(_model, _mmproj, plan);
}
