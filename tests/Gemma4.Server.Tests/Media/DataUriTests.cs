using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class DataUriTests
{
    private const string Part = "messages[0].content[1].image_url.url";

    [Theory]
    [InlineData("data:image/png;base64,aGVsbG8=")]
    [InlineData("data:image/png;base64,aGVsbG8")] // padding left out
    [InlineData("data:image/png;base64,aGVsbG8%3D")]
    [InlineData("data:IMAGE/PNG;BASE64,aGVs bG8=\n")]
    [InlineData("data:image/svg+xml;charset=utf-8;base64,aGVsbG8=")]
    [InlineData("data:application/octet-stream;base64,aGVsbG8=")]
    public void Base64_is_decoded(string url) => Assert.Equal("hello"u8.ToArray(), DataUri.Decode(url, MediaKind.Image, 100, Part));

    [Theory]
    [InlineData("data:image/png;base64,@@@@", "invalid_base64_image", Part)]
    [InlineData("data:image/png;base64,aGVsbG8=aGVs", "invalid_base64_image", Part)]
    [InlineData("data:image/png;base64,a", "invalid_base64_image", Part)]
    [InlineData("data:image/png;base64,%", "invalid_base64_image", Part)]
    [InlineData("data:image/png,%89PNG", "invalid_image_url", Part)]
    [InlineData("data:image/png;base64", "invalid_image_url", Part)]
    [InlineData("data:text/plain;base64,aGVsbG8=", "invalid_image_format", null)]
    [InlineData("data:;base64,aGVsbG8=", "invalid_image_format", null)]
    [InlineData("data:audio/wav;base64,aGVsbG8=", "invalid_image_format", null)]
    public void Anything_else_is_refused(string url, string code, string? param)
    {
        var e = Assert.Throws<RequestRejectedException>(() => DataUri.Decode(url, MediaKind.Image, 100, Part));
        Assert.Equal((RejectionReason.InvalidMedia, code, param), (e.Reason, e.Code, e.Param));
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    [InlineData(30_000_000, false)]
    public void Size_is_limited(int bytes, bool accepted)
    {
        string url = "data:image/png;base64," + Convert.ToBase64String(new byte[bytes]);
        if (accepted)
            Assert.Equal(bytes, DataUri.Decode(url, MediaKind.Image, 100, Part).Length);
        else
            Assert.Equal("image_file_too_large", Assert.Throws<RequestRejectedException>(() => DataUri.Decode(url, MediaKind.Image, 100, Part)).Code);
    }

    [Theory]
    [InlineData("data:audio/mpeg;base64,aGVsbG8=", MediaKind.Audio)]
    [InlineData("data:application/ogg;base64,aGVsbG8=", MediaKind.Audio)]
    [InlineData("data:video/mp4;base64,aGVsbG8=", MediaKind.Video)]
    public void Audio_clips_and_videos_have_types_of_their_own(string url, MediaKind kind) =>
        Assert.Equal(5, DataUri.Decode(url, kind, 100, Part).Length);
}
