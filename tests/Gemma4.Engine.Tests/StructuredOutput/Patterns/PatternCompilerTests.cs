using System.Text;
using System.Text.RegularExpressions;
using Gemma4.Engine.StructuredOutput.Automata;
using Gemma4.Engine.StructuredOutput.Patterns;
using Xunit;

namespace Gemma4.Engine.Tests.StructuredOutput.Patterns;

/// <summary>Patterns against the runtime's own engine, on all short texts of an alphabet.</summary>
public sealed class PatternCompilerTests
{
    [Theory]
    [InlineData("^a*$")]
    [InlineData("^(a|b)*c?$")]
    [InlineData("ab|^c")]
    [InlineData("^a|b$")]
    [InlineData("^(^a|b)?c")]
    [InlineData("(^|b)a($|c)")]
    [InlineData("^(?!ab)[abc]+$")]
    [InlineData("^(?=.*a)(?=.*b).{2,3}$")]
    [InlineData("a(?!b)")]
    [InlineData("^(a{2}|b{1,2}|c{2,})$")]
    [InlineData("[^a]b")]
    [InlineData("^$|^a")]
    [InlineData("^((a(b)?)?)?$")]
    [InlineData("^[a-b-]+$")]
    [InlineData("a$b")]
    [InlineData("^\\w\\W?$")]
    [InlineData("a?")]
    public void Pattern_finds_what_the_runtime_finds(string pattern)
    {
        RxBuilder rx = new();
        TextCoding coding = new(rx, json: true);
        Rx compiled = PatternCompiler.Search(PatternParser.Parse(pattern), coding);
        Regex reference = new(pattern, RegexOptions.CultureInvariant);
        foreach (string text in Texts("abc-", 4))
            Assert.True(reference.IsMatch(text) == rx.Matches(compiled, coding.Encode(text)), $"'{text}' with {pattern}");
    }

    [Theory]
    [InlineData("é+", "éé", true)]
    [InlineData("^[à-ü]$", "é", true)]
    [InlineData("^.$", "😀", true)]
    [InlineData("^\\p{Lu}\\p{Ll}+$", "Éclair", true)]
    [InlineData("^\\p{Lu}$", "é", false)]
    [InlineData("^\\u00e9\\x41$", "éA", true)]
    [InlineData("^[^\\x00-\\x1f]*$", "a\u0001", false)]
    [InlineData("^\\s$", "\u2003", true)]
    [InlineData("^\"\\\\$", "\"\\", true)]
    public void Characters_of_all_planes_and_escapes_are_one_character(string pattern, string text, bool expected)
    {
        foreach (bool json in (bool[])[true, false])
        {
            RxBuilder rx = new();
            TextCoding coding = new(rx, json);
            Assert.Equal(expected, rx.Matches(PatternCompiler.Search(PatternParser.Parse(pattern), coding), coding.Encode(text)));
        }
    }

    [Theory]
    [InlineData("(a")]
    [InlineData("a)")]
    [InlineData("[a")]
    [InlineData("*a")]
    [InlineData("a\\")]
    [InlineData("(a)\\1")]
    [InlineData("(?<=a)b")]
    [InlineData("\\bword")]
    [InlineData("[z-a]")]
    [InlineData("a{3,2}")]
    [InlineData("(^a)+b")]
    public void What_is_malformed_or_not_regular_is_refused(string pattern)
    {
        TextCoding coding = new(new RxBuilder(), json: true);
        Assert.Throws<PatternException>(() => PatternCompiler.Search(PatternParser.Parse(pattern), coding));
    }

    [Fact]
    public void Every_character_has_exactly_its_own_bytes()
    {
        RxBuilder rx = new();
        foreach (int codePoint in (int[])[0, 0x41, 0x7F, 0x80, 0x7FF, 0x800, 0xFFF, 0x1000, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x3FFFF, 0x40000, 0x10FFFF])
        {
            Rx only = Utf8Ranges.Encode(rx, CodePointSet.Of(codePoint));
            Rx others = Utf8Ranges.Encode(rx, CodePointSet.Of(codePoint).Complement());
            byte[] bytes = Encoding.UTF8.GetBytes(new Rune(codePoint).ToString());
            Assert.True(rx.Matches(only, bytes));
            Assert.False(rx.Matches(others, bytes));
        }
    }

    private static IEnumerable<string> Texts(string alphabet, int maxLength)
    {
        List<string> texts = [""];
        for (int start = 0, length = 0; length < maxLength; length++)
        {
            int end = texts.Count;
            for (; start < end; start++)
                texts.AddRange(alphabet.Select(c => texts[start] + c).ToArray());
        }
        return texts;
    }
}
