using System.ComponentModel.DataAnnotations;
using Gemma4.Engine.Audio;
using Gemma4.Engine.Chat;
using Gemma4.Engine.Vision;

namespace Gemma4.Server.Media;

/// <summary>From where media are taken, and how much of it. Section <c>Media</c>. By default only data inside the request is taken.</summary>
public sealed class MediaAccessOptions : IValidatableObject
{
    /// <summary>The section's name.</summary>
    public const string Section = "Media";

    private const long MinBytesInFlight = 64 * 1024 * 1024;
    private const long MinVideoMemoryBytes = 256 * 1024 * 1024;

    /// <summary>Fetch http and https URLs of any public host (<c>--allow-media-urls</c>).</summary>
    public bool AllowUrls { get; set; }

    /// <summary>Fetch only URLs that match one of these: a host (<c>images.example.org</c>), its subdomains (<c>*.example.org</c>) or a URL
    /// prefix (<c>https://example.org/public/</c>). Not empty turns fetching on for these alone, whatever <see cref="AllowUrls"/> says.</summary>
    public string[] AllowedUrls { get; set; } = [];

    /// <summary>Files below this folder may be named by <c>file://</c> URLs; null allows none.</summary>
    public string? LocalFolder { get; set; }

    /// <summary>Most bytes of an image.</summary>
    public int MaxImageBytes { get; set; } = 20 * 1024 * 1024;

    /// <summary>Most bytes of an audio clip.</summary>
    public int MaxAudioBytes { get; set; } = 25 * 1024 * 1024;

    /// <summary>Most bytes of a video.</summary>
    public int MaxVideoBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Longest time from the request for a URL to its last byte, redirects included.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most redirects followed; each is checked like the first URL.</summary>
    public int MaxRedirects { get; set; } = 3;

    /// <summary>Longest time to decode a video file.</summary>
    public TimeSpan VideoTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most memory a program may take that decodes a video file; enforced on Linux. A 4K video takes 250 MB, an 8K one 400 MB.</summary>
    public long VideoMemoryBytes { get; set; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Most memory for the frames of video files that were read last, so that the next question about one need not decode it; 0 keeps
    /// none. A video of 32 frames of 70 soft tokens takes 62 MB.</summary>
    public long VideoCacheBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Most images, audio clips, windows of audio clips and frames of videos of a request.</summary>
    public int MaxItems { get; set; } = 64;

    /// <summary>Most images and audio clips of all requests that may wait for a thread that decodes them; a request with one more gets 429.</summary>
    public int MaxQueuedItems { get; set; } = 512;

    /// <summary>Most bytes that the media of all requests being served hold together: files while they are read, then what the model is given. A
    /// request that would pass it gets 429. Null takes an eighth of the machine's memory, at least 512 MiB. An image of 280 soft tokens takes 8 MB.</summary>
    public long? MaxBytesInFlight { get; set; }

    /// <summary>Most pixels of an image or of a video's frame.</summary>
    public long MaxImagePixels { get; set; } = ImageLimits.Default.MaxPixels;

    /// <summary>Whether audio clips of more than 30 s are cut into windows where a request does not say; else they are refused. Transcriptions
    /// always cut.</summary>
    public bool AllowWindows { get; set; }

    /// <summary>Longest audio that is cut into windows.</summary>
    public TimeSpan MaxAudioDuration { get; set; } = AudioLimits.Default.MaxDuration;

    /// <summary>Soft tokens of an image whose request does not say: 70, 140, 280, 560 or 1120; null takes the checkpoint's.</summary>
    public int? ImageSoftTokens { get; set; }

    /// <summary>Whether any URL is fetched at all.</summary>
    public bool FetchesUrls => AllowUrls || AllowedUrls.Length > 0;

    /// <summary>Most bytes of one kind.</summary>
    public int MaxBytes(MediaKind kind) => kind switch
    {
        MediaKind.Image => MaxImageBytes,
        MediaKind.Audio => MaxAudioBytes,
        _ => MaxVideoBytes,
    };

    /// <summary>What is wrong with the values, naming the key and the fix; null when nothing is.</summary>
    public string? Problem()
    {
        if (MaxImageBytes < 1 || MaxAudioBytes < 1 || MaxVideoBytes < 1)
            return $"{Section}:Max…Bytes must be at least 1";
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(10))
            return $"{Section}:{nameof(Timeout)} must be more than 0 and at most 10 minutes";
        if (VideoTimeout <= TimeSpan.Zero || VideoTimeout > TimeSpan.FromMinutes(10))
            return $"{Section}:{nameof(VideoTimeout)} must be more than 0 and at most 10 minutes";
        if (VideoMemoryBytes < MinVideoMemoryBytes)
            return $"{Section}:{nameof(VideoMemoryBytes)} must be at least {MinVideoMemoryBytes}: ffmpeg itself takes most of that";
        if (VideoCacheBytes < 0)
            return $"{Section}:{nameof(VideoCacheBytes)} must be at least 0";
        if (MaxItems < 1 || MaxImagePixels < 1)
            return $"{Section}:{nameof(MaxItems)} and {Section}:{nameof(MaxImagePixels)} must be at least 1";
        if (MaxQueuedItems < 1)
            return $"{Section}:{nameof(MaxQueuedItems)} must be at least 1";
        if (MaxBytesInFlight < MinBytesInFlight)
            return $"{Section}:{nameof(MaxBytesInFlight)} must be at least {MinBytesInFlight}: one large image takes half of that";
        if (MaxAudioDuration < AudioPreprocessor.MaxWindow || MaxAudioDuration > TimeSpan.FromHours(4))
            return $"{Section}:{nameof(MaxAudioDuration)} must be 30 seconds to 4 hours";
        if (ImageSoftTokens is { } budget && !SoftTokenBudget.Allowed.Contains(budget))
            return $"{Section}:{nameof(ImageSoftTokens)} must be one of {string.Join(", ", SoftTokenBudget.Allowed)}";
        if (MaxRedirects is < 0 or > 20)
            return $"{Section}:{nameof(MaxRedirects)} must be 0 to 20";
        if (LocalFolder is not null && !Directory.Exists(LocalFolder))
            return $"{Section}:{nameof(LocalFolder)} '{LocalFolder}' is not a folder";
        return Array.Find(AllowedUrls, a => !UrlAllowList.IsValid(a)) is { } wrong
            ? $"{Section}:{nameof(AllowedUrls)} '{wrong}' is neither a host, '*.' and a domain, nor an http(s) URL prefix"
            : null;
    }

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        Problem() is { } problem ? [new ValidationResult(problem)] : [];
}
