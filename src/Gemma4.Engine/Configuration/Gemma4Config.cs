using System.Collections.Immutable;

namespace Gemma4.Engine.Configuration;

/// <summary>A checkpoint's configuration: <c>config.json</c> with <c>generation_config.json</c> and <c>processor_config.json</c> beside it.</summary>
public sealed record Gemma4Config
{
    /// <summary>The file that is read first.</summary>
    public const string FileName = "config.json";

    private const string Architecture = "Gemma4ForConditionalGeneration";

    /// <summary>The text model.</summary>
    public required TextConfig Text { get; init; }

    /// <summary>The vision tower; null where the model cannot see.</summary>
    public VisionConfig? Vision { get; init; }

    /// <summary>The audio tower; null where the model cannot hear.</summary>
    public AudioConfig? Audio { get; init; }

    /// <summary>True where the checkpoint has towers that are left away: their weights are not looked at.</summary>
    public bool LeavesTowers { get; init; }

    /// <summary>Placeholder of an image's soft tokens.</summary>
    public int? ImageTokenId { get; init; }

    /// <summary>Placeholder of a video frame's soft tokens.</summary>
    public int? VideoTokenId { get; init; }

    /// <summary>Placeholder of an audio clip's soft tokens.</summary>
    public int? AudioTokenId { get; init; }

    /// <summary>Stands before an image's soft tokens.</summary>
    public int? BeginImageTokenId { get; init; }

    /// <summary>Stands after an image's soft tokens.</summary>
    public int? EndImageTokenId { get; init; }

    /// <summary>Stands before an audio clip's soft tokens.</summary>
    public int? BeginAudioTokenId { get; init; }

    /// <summary>Stands after an audio clip's soft tokens.</summary>
    public int? EndAudioTokenId { get; init; }

    /// <summary>How the authors want it sampled.</summary>
    public required GenerationDefaults Generation { get; init; }

    /// <summary>Media budgets.</summary>
    public ProcessorDefaults Processor { get; init; } = new();

    /// <summary>Reads a checkpoint folder's configuration; weights are not looked at.</summary>
    /// <exception cref="CheckpointException">A file is missing or malformed, or asks for what is not supported; names file and key.</exception>
    public static Gemma4Config Load(string directory)
    {
        string file = Path.Combine(directory, FileName);
        ConfigSection root = ConfigSection.Load(file);
        if (root.Has("architectures") && root.Strings("architectures") is var found && !found.Contains(Architecture))
            throw root.Refuse("architectures", $"found \"{string.Join(", ", found)}\"; only \"{Architecture}\" is supported");
        root.MustBe("model_type", "gemma4");
        ConfigSection text = root.Section("text_config");
        text.MustBe("model_type", "gemma4_text");
        bool tied = root.Bool("tie_word_embeddings", absent: text.Bool("tie_word_embeddings", absent: true));
        TextConfig textConfig = TextConfigReader.Read(text, tied);
        int vocabulary = textConfig.VocabSize;
        ImmutableArray<int> endTokens = (root.Has("eos_token_id") ? root : text).Ints("eos_token_id", 0, vocabulary - 1, GenerationDefaults.MaxTokens);
        return new Gemma4Config
        {
            Text = textConfig,
            Vision = root.OptionalSection("vision_config") is { } vision ? VisionConfig.Read(vision) : null,
            Audio = root.OptionalSection("audio_config") is { } audio ? AudioConfig.Read(audio) : null,
            ImageTokenId = root.OptionalToken("image_token_id", vocabulary),
            VideoTokenId = root.OptionalToken("video_token_id", vocabulary),
            AudioTokenId = root.OptionalToken("audio_token_id", vocabulary),
            BeginImageTokenId = root.OptionalToken("boi_token_id", vocabulary),
            EndImageTokenId = root.OptionalToken("eoi_token_id", vocabulary),
            BeginAudioTokenId = root.OptionalToken("boa_token_id", vocabulary),
            EndAudioTokenId = root.OptionalToken("eoa_token_id", vocabulary) ?? root.OptionalToken("eoa_token_index", vocabulary),
            Generation = GenerationDefaults.Load(Path.Combine(directory, "generation_config.json"), endTokens, vocabulary),
            Processor = ProcessorDefaults.Load(Path.Combine(directory, "processor_config.json")),
        };
    }

    /// <summary>The same model for text alone, without its towers.</summary>
    public Gemma4Config TextOnly() => Vision is null && Audio is null ? this : this with { Vision = null, Audio = null, LeavesTowers = true };

    /// <summary>Refuses a tokenizer that makes tokens the model does not have.</summary>
    /// <param name="tokenizerFile">Named in the error.</param>
    /// <param name="vocabularySize">The tokenizer's highest token id plus one.</param>
    /// <exception cref="CheckpointException">The tokenizer belongs to another model.</exception>
    public void RequireTokenizer(string tokenizerFile, int vocabularySize)
    {
        if (vocabularySize > Text.VocabSize)
            throw new CheckpointException(tokenizerFile, $"found token {vocabularySize - 1}, but the model has {Text.VocabSize} (text_config.vocab_size): a tokenizer of another model");
    }

    /// <summary>True where a token only holds a place for a soft token.</summary>
    public bool IsMediaPlaceholder(int tokenId) => tokenId == ImageTokenId || tokenId == VideoTokenId || tokenId == AudioTokenId;
}
