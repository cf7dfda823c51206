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

    /// <summary>One large image takes half of it.</summary>
    private const long MinBytesInFlight = 64 * 1024 * 1024;

    /// <summary>ffmpeg itself takes most of it.</summary>
    private const long MinVideoMemoryBytes = 256 * 1024 * 1024;

    /// <summary>Fetch http and https URLs of any public host (<c>--allow-media-urls</c>).</summary>
    public bool AllowUrls { get; set; }

    /// <summary>Fetch only URLs that match one of these: a host (<c>images.example.org</c>), its subdomains (<c>*.example.org</c>) or a URL
    /// prefix (<c>https://example.org/public/</c>). Not empty turns fetching on for these alone, whatever <see cref="AllowUrls"/> says.</summary>
    public string[] AllowedUrls { get; set; } = [];

    /// <summary>Files below this folder may be named by <c>file://</c> URLs; null allows none.</summary>
    public string? LocalFolder { get; set; }

    /// <summary>Most bytes of an image.</summary>
    [Range(1, int.MaxValue)]
    public int MaxImageBytes { get; set; } = 20 * 1024 * 1024;

    /// <summary>Most bytes of an audio clip.</summary>
    [Range(1, int.MaxValue)]
    public int MaxAudioBytes { get; set; } = 25 * 1024 * 1024;

    /// <summary>Most bytes of a video.</summary>
    [Range(1, int.MaxValue)]
    public int MaxVideoBytes { get; set; } = 100 * 1024 * 1024;

    /// <summary>Longest time from the request for a URL to its last byte, redirects included.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>Most redirects followed; each is checked like the first URL.</summary>
    [Range(0, 20)]
    public int MaxRedirects { get; set; } = 3;

    /// <summary>Longest time to decode a video file.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:10:00")]
    public TimeSpan VideoTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Most memory a program may take that decodes a video file; enforced on Linux. A 4K video takes 250 MB, an 8K one 400 MB.</summary>
    [Range(MinVideoMemoryBytes, long.MaxValue)]
    public long VideoMemoryBytes { get; set; } = 2L * 1024 * 1024 * 1024;

    /// <summary>Most memory for the frames of video files that were read last, so that the next question about one need not decode it; 0 keeps
    /// none. A video of 32 frames of 70 soft tokens takes 62 MB.</summary>
    [Range(0, long.MaxValue)]
    public long VideoCacheBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>Most images, audio clips, windows of audio clips and frames of videos of a request.</summary>
    [Range(1, int.MaxValue)]
    public int MaxItems { get; set; } = 64;

    /// <summary>Most images and audio clips of all requests that may wait for a thread that decodes them; a request with one more gets 429.</summary>
    [Range(1, int.MaxValue)]
    public int MaxQueuedItems { get; set; } = 512;

    /// <summary>Most bytes that the media of all requests being served hold together: files while they are read, then what the model is given. A
    /// request that would pass it gets 429. Null takes an eighth of the machine's memory, at least 512 MiB. An image of 280 soft tokens takes 8 MB.</summary>
    [Range(MinBytesInFlight, long.MaxValue)]
    public long? MaxBytesInFlight { get; set; }

    /// <summary>Most pixels of an image or of a video's frame.</summary>
    [Range(1, long.MaxValue)]
    public long MaxImagePixels { get; set; } = ImageLimits.Default.MaxPixels;

    /// <summary>Whether audio clips of more than 30 s are cut into windows where a request does not say; else they are refused. Transcriptions
    /// always cut.</summary>
    public bool AllowWindows { get; set; }

    /// <summary>Longest audio that is cut into windows.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "04:00:00")]
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

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (ImageSoftTokens is { } budget && !SoftTokenBudget.Allowed.Contains(budget))
            yield return new ValidationResult($"{budget} must be one of {string.Join(", ", SoftTokenBudget.Allowed)}.", [nameof(ImageSoftTokens)]);
        if (LocalFolder is not null && !Directory.Exists(LocalFolder))
            yield return new ValidationResult($"'{LocalFolder}' is not a folder.", [nameof(LocalFolder)]);
        if (Array.Find(AllowedUrls, a => !UrlAllowList.IsValid(a)) is { } wrong)
            yield return new ValidationResult($"'{wrong}' is neither a host, '*.' and a domain, nor an http(s) URL prefix.", [nameof(AllowedUrls)]);
    }
}
