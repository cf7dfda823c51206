using Gemma4.Server.Mapping;
using Xunit;

namespace Gemma4.Server.Tests.Mapping;

public sealed class CustomInputTests
{
    [Theory]
    [InlineData("""{"input":"a\"b\\c\n\t\u0007 é 😀 \u00e9"}""", "a\"b\\c\n\t\u0007 é 😀 é")]
    [InlineData("""{"input":""}""", "")]
    [InlineData("""{"input":"cut \u00""", "cut ")]
    [InlineData("""{"input":5}""", """{"input":5}""")]
    [InlineData("""{"command":"a\nb"}""", """{"command":"a\nb"}""")]
    public void The_text_is_the_same_however_its_json_is_cut(string json, string text)
    {
        for (int size = 1; size <= json.Length; size++)
        {
            var input = new CustomInput();
            Assert.Equal(text, string.Concat(json.Chunk(size).Select(piece => input.Add(new string(piece)))));
        }
    }
}
