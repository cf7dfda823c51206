using System.Buffers.Binary;
using Gemma4.Server.Media;
using Xunit;

namespace Gemma4.Server.Tests.Media;

public sealed class BitmapPipeTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Files_come_one_by_one_until_the_end()
    {
        byte[] first = Bitmap(20), second = Bitmap(9);
        using var stream = new MemoryStream([.. first, .. second]);
        Assert.Equal(first, await BitmapPipe.ReadAsync(stream, 20, Token));
        Assert.Equal(second, await BitmapPipe.ReadAsync(stream, 20, Token));
        Assert.Null(await BitmapPipe.ReadAsync(stream, 20, Token));
    }

    [Fact]
    public async Task Stated_length_beyond_the_limit_is_not_believed()
    {
        using var stream = new MemoryStream(Bitmap(21));
        await Assert.ThrowsAsync<InvalidDataException>(() => BitmapPipe.ReadAsync(stream, 20, Token));
    }

    [Fact]
    public async Task Anything_else_and_any_cut_is_told()
    {
        byte[] file = Bitmap(20);
        for (int length = 1; length < file.Length; length++)
        {
            using var cut = new MemoryStream(file[..length]);
            await Assert.ThrowsAnyAsync<Exception>(() => BitmapPipe.ReadAsync(cut, 20, Token));
        }
        using var other = new MemoryStream("PNG and so on"u8.ToArray());
        await Assert.ThrowsAsync<InvalidDataException>(() => BitmapPipe.ReadAsync(other, 20, Token));
    }

    private static byte[] Bitmap(int length)
    {
        var file = new byte[length];
        "BM"u8.CopyTo(file);
        BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(2), length);
        return file;
    }
}
