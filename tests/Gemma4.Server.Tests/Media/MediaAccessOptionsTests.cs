using Gemma4.Server.Hosting;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class MediaAccessOptionsTests
{
    [Fact]
    public void Defaults_take_nothing_from_elsewhere()
    {
        var options = new MediaAccessOptions();
        Assert.Empty(OptionRules.Faults(MediaAccessOptions.Section, options));
        Assert.False(options.FetchesUrls);
        Assert.Null(options.LocalFolder);
        Assert.False(options.AllowWindows);
    }

    public static TheoryData<string, MediaAccessOptions> Wrong() => new()
    {
        { "Media:MaxAudioBytes", new() { MaxAudioBytes = 0 } },
        { "Media:Timeout", new() { Timeout = TimeSpan.Zero } },
        { "Media:VideoTimeout", new() { VideoTimeout = TimeSpan.FromHours(1) } },
        { "Media:MaxItems", new() { MaxItems = 0 } },
        { "Media:MaxImagePixels", new() { MaxImagePixels = 0 } },
        { "Media:MaxAudioDuration", new() { MaxAudioDuration = TimeSpan.FromSeconds(29) } },
        { "Media:MaxAudioDuration", new() { MaxAudioDuration = TimeSpan.FromHours(5) } },
        { "Media:ImageSoftTokens", new() { ImageSoftTokens = 100 } },
        { "Media:MaxRedirects", new() { MaxRedirects = -1 } },
        { "Media:LocalFolder", new() { LocalFolder = "/no/such/folder" } },
        { "Media:AllowedUrls", new() { AllowedUrls = ["ftp://example.org/"] } },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_value_is_named_by_its_key(string key, MediaAccessOptions options) =>
        Assert.Contains(key, Assert.Single(OptionRules.Faults(MediaAccessOptions.Section, options)), StringComparison.Ordinal);
}
