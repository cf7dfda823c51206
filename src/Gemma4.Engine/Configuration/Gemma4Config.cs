using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>A checkpoint's configuration: <c>config.json</c> with <c>generation_config.json</c> and <c>processor_config.json</c> beside it.</summary>
public sealed record Gemma4Config
{
    private const string Architecture = "Gemma4ForConditionalGeneration";

    /// <summary>The text model.</summary>
    public required TextConfig Text { get; init; }

    /// <summary>The vision tower; null where the model cannot see.</summary>
    public VisionConfig? Vision { get; init; }

    /// <summary>The audio tower; null where the model cannot hear.</summary>
    public AudioConfig? Audio { get; init; }

    /// <summary>Placeholder of a picture's soft tokens.</summary>
    public int? ImageTokenId { get; init; }

    /// <summary>Placeholder of a film frame's soft tokens.</summary>
    public int? VideoTokenId { get; init; }

    /// <summary>Placeholder of a sound's soft tokens.</summary>
    public int? AudioTokenId { get; init; }

    /// <summary>Stands before a picture's soft tokens.</summary>
    public int? BeginImageTokenId { get; init; }

    /// <summary>Stands after a picture's soft tokens.</summary>
    public int? EndImageTokenId { get; init; }

    /// <summary>Stands before a sound's soft tokens.</summary>
    public int? BeginAudioTokenId { get; init; }

    /// <summary>Stands after a sound's soft tokens.</summary>
    public int? EndAudioTokenId { get; init; }

    /// <summary>How the authors want it sampled.</summary>
    public required GenerationDefaults Generation { get; init; }

    /// <summary>Media budgets.</summary>
    public ProcessorDefaults Processor { get; init; } = new();

    /// <summary>Reads a checkpoint folder's configuration; weights are not looked at.</summary>
    /// <exception cref="CheckpointException">A file is missing or malformed, or asks for what is not supported; names file and key.</exception>
    public static Gemma4Config Load(string directory)
    {
        string file = Path.Combine(directory, "config.json");
        ConfigSection root = ConfigSection.Load(file);
        if (root.Has("architectures") && root.Strings("architectures") is var found && !found.Contains(Architecture))
            throw root.Refuse("architectures", $"found \"{string.Join(", ", found)}\"; only \"{Architecture}\" is supported");
        root.MustBe("model_type", "gemma4");
        ConfigSection text = root.Section("text_config");
        text.MustBe("model_type", "gemma4_text");
        bool tied = root.Bool("tie_word_embeddings", absent: text.Bool("tie_word_embeddings", absent: true));
        ImmutableArray<int> endTokens = root.Has("eos_token_id") ? root.Ints("eos_token_id") : text.Ints("eos_token_id");
        return new Gemma4Config
        {
            Text = TextConfigReader.Read(text, tied),
            Vision = root.OptionalSection("vision_config") is { } vision ? VisionConfig.Read(vision) : null,
            Audio = root.OptionalSection("audio_config") is { } audio ? AudioConfig.Read(audio) : null,
            ImageTokenId = root.OptionalInt("image_token_id"),
            VideoTokenId = root.OptionalInt("video_token_id"),
            AudioTokenId = root.OptionalInt("audio_token_id"),
            BeginImageTokenId = root.OptionalInt("boi_token_id"),
            EndImageTokenId = root.OptionalInt("eoi_token_id"),
            BeginAudioTokenId = root.OptionalInt("boa_token_id"),
            EndAudioTokenId = root.OptionalInt("eoa_token_id") ?? root.OptionalInt("eoa_token_index"),
            Generation = GenerationDefaults.Load(Path.Combine(directory, "generation_config.json"), endTokens),
            Processor = ProcessorDefaults.Load(Path.Combine(directory, "processor_config.json")),
        };
    }

    /// <summary>True where a token only holds a place for a soft token.</summary>
    public bool IsMediaPlaceholder(int tokenId) => tokenId == ImageTokenId || tokenId == VideoTokenId || tokenId == AudioTokenId;
}
