using Gemma4.Server.Hosting;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class UrlAllowListTests
{
    [Theory]
    [InlineData("example.org", "https://example.org/a.png", true)]
    [InlineData("example.org", "http://EXAMPLE.org:8080/a.png", true)]
    [InlineData("example.org", "https://a.example.org/a.png", false)]
    [InlineData("example.org", "https://example.org.evil.net/a.png", false)]
    [InlineData("*.example.org", "https://a.b.example.org/a.png", true)]
    [InlineData("*.example.org", "https://example.org/a.png", false)]
    [InlineData("*.example.org", "https://evilexample.org/a.png", false)]
    [InlineData("https://example.org/public/", "https://example.org/public/a.png", true)]
    [InlineData("https://example.org/public", "https://example.org/public/a.png", true)]
    [InlineData("https://example.org/public", "https://example.org/publications/a.png", false)]
    [InlineData("https://example.org/public/", "http://example.org/public/a.png", false)]
    [InlineData("https://example.org/public/", "https://example.org:444/public/a.png", false)]
    [InlineData("https://example.org/public/", "https://example.org/public/../secret.png", false)]
    [InlineData("https://example.org/public/", "https://example.org/public/%2e%2e/secret.png", false)]
    [InlineData("https://example.org/public/", "https://example.org/public/..%2fsecret.png", false)]
    [InlineData("https://example.org/public/", "https://example.org/public/..%5Csecret.png", false)]
    [InlineData("https://example.org", "https://example.org/anything/%2fat/all.png", true)]
    public void Entry_covers_what_it_says(string entry, string url, bool covered)
    {
        Assert.True(UrlAllowList.IsValid(entry));
        Assert.Equal(covered, UrlAllowList.Matches([entry], new Uri(url)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("exa mple.org")]
    [InlineData("*")]
    [InlineData("ftp://example.org/")]
    [InlineData("https://user@example.org/")]
    [InlineData("https://")]
    public void Entry_that_says_nothing_is_refused_at_start(string entry)
    {
        Assert.False(UrlAllowList.IsValid(entry));
        Assert.Contains($"'{entry}'", Assert.Single(OptionRules.Faults(MediaAccessOptions.Section, new MediaAccessOptions { AllowedUrls = [entry] })), StringComparison.Ordinal);
    }
}
