namespace Gemma4.Engine.Configuration;

/// <summary>What <c>processor_config.json</c> says of media; the released values where it is silent.</summary>
public sealed record ProcessorDefaults
{
    /// <summary>Soft tokens an image may cost.</summary>
    public int ImageSoftTokens { get; init; } = 280;

    /// <summary>Soft tokens one frame of a video may cost.</summary>
    public int VideoSoftTokens { get; init; } = 70;

    /// <summary>Frames sampled from a video.</summary>
    public int VideoFrames { get; init; } = 32;

    /// <summary>Soft tokens an audio clip may cost.</summary>
    public int AudioSoftTokens { get; init; } = 750;

    /// <summary>Audio behind one soft token.</summary>
    public TimeSpan AudioPerToken { get; init; } = TimeSpan.FromMilliseconds(40);

    internal static ProcessorDefaults Load(string file)
    {
        var defaults = new ProcessorDefaults();
        if (!File.Exists(file))
            return defaults;
        ConfigSection processor = ConfigSection.Load(file);
        ConfigSection? image = processor.OptionalSection("image_processor"), video = processor.OptionalSection("video_processor");
        return new ProcessorDefaults
        {
            ImageSoftTokens = image?.OptionalCount("max_soft_tokens", ConfigLimits.MaxSoftTokens) ?? defaults.ImageSoftTokens,
            VideoSoftTokens = video?.OptionalCount("max_soft_tokens", ConfigLimits.MaxSoftTokens) ?? defaults.VideoSoftTokens,
            VideoFrames = video?.OptionalCount("num_frames", ConfigLimits.MaxSoftTokens) ?? defaults.VideoFrames,
            AudioSoftTokens = processor.OptionalCount("audio_seq_length", ConfigLimits.MaxSoftTokens) ?? defaults.AudioSoftTokens,
            AudioPerToken = processor.OptionalNumber("audio_ms_per_token", new NumberRange(1, 10_000)) is { } ms ? TimeSpan.FromMilliseconds(ms) : defaults.AudioPerToken,
        };
    }
}
