using System.Collections.Immutable;
using Gemma4.Engine.Configuration;

namespace Gemma4.Engine.Loading.Gguf;

/// <summary>A model's configuration from the metadata of its GGUF file and, for media, of the mmproj file beside it.</summary>
internal static class GgufConfig
{
    private const string Architecture = "general.architecture", Kind = "general.type";

    /// <summary>Tokens that end an answer besides <c>&lt;eos&gt;</c>, as in the released generation_config.json; no key names them all.</summary>
    private static readonly string[] EndTokens = ["<turn|>", "<|tool_response>"];

    /// <summary>Reads it.</summary>
    /// <param name="model">The text model.</param>
    /// <param name="mmproj">Its towers; null where there are none.</param>
    /// <exception cref="CheckpointException">A file is of another architecture, or lacks a key; or the two do not belong together.</exception>
    public static Gemma4Config Read(GgufFile model, GgufFile? mmproj)
    {
        RequireModel(model);
        TextConfig text = GgufTextConfig.Read(model);
        if (mmproj is not null)
            RequireTowers(mmproj, text.HiddenSize);
        var tokens = GgufTokens.Read(model.Metadata);
        if (tokens.Count > text.VocabSize)
            throw model.Metadata.Refuse(GgufTokens.Key, $"found {tokens.Count} tokens, but token_embd.weight has {text.VocabSize} rows");
        return new Gemma4Config
        {
            Text = text,
            Vision = mmproj is null ? null : GgufVisionConfig.Read(mmproj),
            Audio = mmproj is null ? null : GgufAudioConfig.Read(mmproj),
            ImageTokenId = tokens.Find("<|image|>"),
            VideoTokenId = tokens.Find("<|video|>"),
            AudioTokenId = tokens.Find("<|audio|>"),
            BeginImageTokenId = tokens.Find("<|image>"),
            EndImageTokenId = tokens.Find("<image|>"),
            BeginAudioTokenId = tokens.Find("<|audio>"),
            EndAudioTokenId = tokens.Find("<audio|>"),
            Generation = ReadGeneration(model.Metadata, tokens),
        };
    }

    private static GenerationDefaults ReadGeneration(GgufMetadata keys, GgufTokens tokens)
    {
        int last = tokens.Count - 1;
        int?[] ends = [keys.OptionalInt("tokenizer.ggml.eos_token_id", 0, last), .. EndTokens.Select(tokens.Find), keys.OptionalInt("tokenizer.ggml.eot_token_id", 0, last)];
        return new GenerationDefaults
        {
            EndTokenIds = [.. ends.OfType<int>().Distinct()],
            Temperature = keys.OptionalNumber("general.sampling.temp", new NumberRange(0, 100)),
            TopK = keys.OptionalInt("general.sampling.top_k", 0, int.MaxValue),
            TopP = keys.OptionalNumber("general.sampling.top_p", NumberRange.Above(0, 1)),
            SuppressTokenIds = keys.Ints("tokenizer.ggml.suppress_tokens", 0, last, tokens.Count),
        };
    }

    private static void RequireModel(GgufFile model)
    {
        GgufMetadata keys = model.Metadata;
        if (keys.OptionalString(Kind) is not (null or "model") and var kind)
            throw keys.Refuse(Kind, kind == "mmproj" ? "found \"mmproj\": these are the towers of a model; name the model, and this file with --mmproj" : $"found \"{kind}\"; only \"model\" is supported");
        string? architecture = keys.OptionalString(Architecture);
        if (architecture == "gemma4-assistant")
            throw keys.Refuse(Architecture, "found \"gemma4-assistant\": this is a drafter, which serves beside a model and not alone");
        keys.MustBe(Architecture, "gemma4");
    }

    private static void RequireTowers(GgufFile mmproj, int hiddenSize)
    {
        GgufMetadata keys = mmproj.Metadata;
        keys.MustBe(Architecture, "clip");
        foreach (string key in new[] { "clip.vision.projection_dim", "clip.audio.projection_dim" })
        {
            if (keys.OptionalInt(key, 0, int.MaxValue) is { } width && width != hiddenSize)
                throw keys.Refuse(key, $"found {width}, and the text model's states have {hiddenSize}: towers of another model");
        }
    }
}
