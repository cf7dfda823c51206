using Gemma4.Engine.Tokenization;

namespace Gemma4.Server.Mapping;

/// <summary>Text of a request to the tokens of a prompt without a chat template.</summary>
internal static class PromptTokens
{
    /// <param name="tokenizer">The model's.</param>
    /// <param name="text">The text.</param>
    /// <param name="addBos">Put <c>&lt;bos&gt;</c> before it: the model knows no text without it.</param>
    /// <param name="parseControl">Whether <c>&lt;|turn&gt;</c> and the like become control tokens; else they are text.</param>
    public static List<int> Encode(Tokenizer tokenizer, string text, bool addBos, bool parseControl)
    {
        var ids = new List<int>(text.Length / 4 + 4);
        if (addBos && tokenizer.Special.Bos is int bos)
            ids.Add(bos);
        tokenizer.Encode(text, parseControl, ids);
        return ids;
    }
}
