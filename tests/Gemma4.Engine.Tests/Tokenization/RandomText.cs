using System.Text;

namespace Gemma4.Engine.Tests.Tokenization;

/// <summary>Texts from a seed: words, all of Unicode, runs of one character, spelled markers.</summary>
internal sealed class RandomText(int seed)
{
    private static readonly string[] Words =
        ["the", "quick", "naïve", "Straße", "東京", "Москва", "أهلا", "🙂", "👩‍👩‍👧", "<bos>", "<|turn>", "<turn|>", "<|\"|>", "<", "|", ">", "2026", "e\u0301"];

    private static readonly string[] Gaps = [" ", " ", " ", "  ", "\n", "\n\n\n", "\t", ", ", "", "\r\n"];

    private readonly Random _random = new(seed);

    public string Next(int maxParts = 40)
    {
        var text = new StringBuilder();
        int kind = _random.Next(4);
        for (int parts = _random.Next(maxParts + 1); parts > 0; parts--)
        {
            switch (kind)
            {
                case 0: text.Append(Words[_random.Next(Words.Length)]).Append(Gaps[_random.Next(Gaps.Length)]); break;
                case 1: text.Append(AnyRune()); break;
                case 2: text.Append((char)_random.Next(' ', 127)); break;
                default: text.Append((char)('a' + _random.Next(3)), _random.Next(20)); break;
            }
        }
        return text.ToString();
    }

    private Rune AnyRune()
    {
        while (true)
        {
            int value = _random.Next(4) == 0 ? _random.Next(0x10000, 0x110000) : _random.Next(0x10000);
            // The visible space reads as a space in every Gemma text: it cannot come back.
            if (Rune.IsValid(value) && value != '▁')
                return new Rune(value);
        }
    }
}
