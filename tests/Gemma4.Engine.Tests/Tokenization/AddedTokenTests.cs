using Gemma4.Engine.Tokenization;
using Xunit;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Expected values are those of Hugging Face tokenizers 0.22.2 for the same files.</summary>
public sealed class AddedTokenTests
{
    private static System.Text.Json.Nodes.JsonObject Letters() => TokenizerFiles.Make(TokenizerFiles.Characters("abc xyz<|>\n"));

    [Fact]
    public void The_leftmost_is_found_and_of_those_the_longest()
    {
        Tokenizer tokenizer = Letters().WithAdded(20, "<|").WithAdded(21, "<|x|>").WithAdded(22, "|>a").Load();
        Assert.Equal(["<|x|>", "a"], Texts(tokenizer, "<|x|>a"));
        Assert.Equal(["<|", "y", "|>a"], Texts(tokenizer, "<|y|>a"));
        Assert.Equal(["<", "<|", "<|x|>", "<|"], Texts(tokenizer, "<<|<|x|><|"));
    }

    [Fact]
    public void White_space_goes_to_the_token_that_takes_it()
    {
        Assert.Equal(["a", "<x>", "b"], Texts(Letters().WithAdded(20, "<x>", "lstrip", "rstrip").Load(), "a \n <x>  b"));
        Assert.Equal(["a", "<x>", " ", "b"], Texts(Letters().WithAdded(20, "<x>", "lstrip").Load(), "a <x> b"));
        Assert.Equal(["<x>", "<x>"], Texts(Letters().WithAdded(20, "<x>", "lstrip", "rstrip").Load(), " <x>  <x> "));
    }

    [Fact]
    public void A_single_word_is_not_found_inside_words()
    {
        Tokenizer tokenizer = Letters().WithAdded(20, "ab", "single_word").Load();
        Assert.Equal(["ab", " ", "a", "b", "c", " ", "x", "a", "b", "<", "ab", ">"], Texts(tokenizer, "ab abc xab<ab>"));
    }

    [Fact]
    public void A_normalised_token_is_found_in_the_normalised_text_only()
    {
        const string yToX = """{"type":"Replace","pattern":{"String":"y"},"content":"x"}""";
        Assert.Equal(["<x>", "<x>"], Texts(Letters().WithAdded(20, "<x>", "normalized").With("normalizer", yToX).Load(), "<y><x>"));
        Assert.Equal(["<", "x", ">", "<x>"], Texts(Letters().WithAdded(20, "<x>").With("normalizer", yToX).Load(), "<y><x>"));
    }

    [Fact]
    public void Only_the_special_ones_are_left_out_of_decoded_text()
    {
        Tokenizer tokenizer = Letters().WithAdded(20, "<x>", "special").WithAdded(21, "<y>").Load();
        int[] ids = tokenizer.Encode("a<x>b<y>");
        Assert.Equal("a<x>b<y>", tokenizer.Decode(ids));
        Assert.Equal("ab<y>", tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.True(tokenizer.IsSpecial(20));
        Assert.False(tokenizer.IsSpecial(21));
        Assert.True(tokenizer.IsAddedToken(21));
        Assert.False(tokenizer.IsAddedToken(0));
        Assert.Equal(22, tokenizer.VocabularySize);
    }

    [Fact]
    public void Ids_between_the_vocabulary_and_an_added_token_are_no_tokens()
    {
        Tokenizer tokenizer = Letters().WithAdded(20, "<x>").Load();
        Assert.Equal("a<x>", tokenizer.Decode([0, 15, 20, 21, -1, int.MaxValue]));
        Assert.Equal("", tokenizer.TokenText(15));
        Assert.True(tokenizer.TokenBytes(15).IsEmpty);
        Assert.True(tokenizer.TokenBytes(-1).IsEmpty);
        Assert.Equal("<x>"u8, tokenizer.TokenBytes(20));
    }

    [Fact]
    public void Gemma_4_names_its_tokens()
    {
        SpecialTokens special = Tokenizers.Real.Special;
        Assert.Equal((2, 1, 0, 3), (special.Bos, special.Eos, special.Pad, special.Unk));
        Assert.Equal((105, 106, 100, 101, 98), (special.TurnStart, special.TurnEnd, special.ChannelStart, special.ChannelEnd, special.Think));
        Assert.Equal((46, 47, 48, 49), (special.ToolStart, special.ToolEnd, special.ToolCallStart, special.ToolCallEnd));
        Assert.Equal((50, 51, 52), (special.ToolResponseStart, special.ToolResponseEnd, special.StringDelimiter));
        Assert.Equal((255999, 258880, 258882), (special.ImageStart, special.Image, special.ImageEnd));
        Assert.Equal((256000, 258881, 258883, 258884), (special.AudioStart, special.Audio, special.AudioEnd, special.Video));
        Assert.Null(Letters().Load().Special.Bos);
    }

    private static IEnumerable<string> Texts(Tokenizer tokenizer, string text) => tokenizer.Encode(text).Select(tokenizer.TokenText);
}
