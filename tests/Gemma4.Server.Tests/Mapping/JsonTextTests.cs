using System.Text;
using System.Text.Json;
using Gemma4.Server.Mapping;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

public sealed class JsonTextTests
{
    [Theory]
    [InlineData("{\"a\":\"\\ud83d\\ude00 é 😀\",\"\\uD83D\\uDE00\":[1]}", true)]
    [InlineData("\"\\\\ud83d\"", true)] // an escaped backslash
    [InlineData("\"\\ud83d\"", false)]
    [InlineData("\"\\ude00\\ud83d\"", false)]
    [InlineData("[{\"\\uDE00\":1}]", false)]
    [InlineData("[[\"\\ud83d x\"]]", false)]
    public void Halves_of_surrogate_pairs_are_no_text(string json, bool isText) => Assert.Equal(isText, IsText(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(0xC3, 0x28)]
    [InlineData(0xFF, 0x20)]
    [InlineData(0xC0, 0x80)]
    public void Bytes_that_are_not_UTF8_are_no_text(byte first, byte second)
    {
        Assert.False(IsText([.. "{\"a\":\""u8, first, second, .. "\"}"u8]));
        Assert.False(IsText([.. "{\""u8, first, second, .. "\":1}"u8]));
    }

    private static bool IsText(byte[] json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return JsonText.IsText(document.RootElement);
    }
}
