using Gemma4.Engine.Chat;
using Gemma4.Engine.Requests;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class LocalMediaFileTests : IDisposable
{
    private readonly string _home = Directory.CreateTempSubdirectory("gemma4-media-").FullName;
    private readonly string _allowed;

    public LocalMediaFileTests()
    {
        _allowed = Directory.CreateDirectory(Path.Combine(_home, "allowed")).FullName;
        Directory.CreateDirectory(Path.Combine(_allowed, "deep"));
        Directory.CreateDirectory(Path.Combine(_home, "allowed-not"));
        File.WriteAllText(Path.Combine(_allowed, "deep", "a b.png"), "an image");
        File.WriteAllText(Path.Combine(_home, "secret.png"), "secret");
        File.WriteAllText(Path.Combine(_home, "allowed-not", "secret.png"), "secret");
        File.CreateSymbolicLink(Path.Combine(_allowed, "inside.png"), Path.Combine("deep", "a b.png"));
        File.CreateSymbolicLink(Path.Combine(_allowed, "outside.png"), Path.Combine(_home, "secret.png"));
        File.CreateSymbolicLink(Path.Combine(_allowed, "loop.png"), "loop.png");
        Directory.CreateSymbolicLink(Path.Combine(_allowed, "up"), "..");
    }

    public void Dispose() => Directory.Delete(_home, recursive: true);

    [Theory]
    [InlineData("allowed/deep/a b.png")]
    [InlineData("allowed/deep/../deep/a b.png")]
    [InlineData("allowed/inside.png")]
    [InlineData("allowed/up/allowed/deep/a b.png")]
    public async Task File_below_the_folder_is_read(string path) =>
        Assert.Equal("an image"u8.ToArray(), await ReadAsync(path, _allowed));

    [Theory]
    [InlineData("secret.png")]
    [InlineData("allowed-not/secret.png")]
    [InlineData("allowed/../secret.png")]
    [InlineData("allowed/%2e%2e/secret.png")]
    [InlineData("allowed/..%2fsecret.png")]
    [InlineData("allowed/%252e%252e/secret.png")]
    [InlineData("allowed/..\\secret.png")]
    [InlineData("allowed/deep/a b.png%00.txt")]
    [InlineData("allowed//../secret.png")]
    [InlineData("allowed/outside.png")]
    [InlineData("allowed/up/secret.png")]
    [InlineData("allowed/loop.png")]
    [InlineData("allowed/missing.png")]
    [InlineData("allowed/deep")]
    [InlineData("allowed")]
    public async Task Anything_else_is_not_there(string path)
    {
        var e = await Assert.ThrowsAsync<RequestRejectedException>(() => ReadAsync(path, _allowed));
        Assert.Contains("does not exist or is not below", e.Message, StringComparison.Ordinal);
        Assert.Equal("invalid_image_url", e.Code);
    }

    [Fact]
    public async Task Nothing_is_read_where_no_folder_is_allowed() =>
        Assert.Contains("no folder is allowed", (await Assert.ThrowsAsync<RequestRejectedException>(
            () => ReadAsync("allowed/deep/a b.png", null))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task File_on_another_host_is_not_there()
    {
        var e = await Assert.ThrowsAsync<RequestRejectedException>(() => LocalMediaFile.ReadAsync(
            new Uri($"file://example.org{_allowed}/inside.png"), _allowed, MediaKind.Image, 1000, "part", TestContext.Current.CancellationToken));
        Assert.Contains("does not exist", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pipe_is_not_waited_for()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("needs mkfifo");
        using (var make = System.Diagnostics.Process.Start("mkfifo", Path.Combine(_allowed, "pipe.png")))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Empty(await Task.Run(() => ReadAsync("allowed/pipe.png", _allowed)).WaitAsync(TimeSpan.FromSeconds(10), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Size_is_limited() =>
        Assert.Equal("image_file_too_large", (await Assert.ThrowsAsync<RequestRejectedException>(
            () => ReadAsync("allowed/deep/a b.png", _allowed, maxBytes: 6))).Code);

    private Task<byte[]> ReadAsync(string path, string? folder, int maxBytes = 1000) => LocalMediaFile.ReadAsync(
        new Uri($"file://{_home}/{path}"), folder, MediaKind.Image, maxBytes, "part", TestContext.Current.CancellationToken);
}
