namespace Gemma4.Engine.Parsing;

/// <summary>The special tokens that structure an answer of Gemma 4.</summary>
internal enum ControlToken : byte
{
    /// <summary>Not a control token: a character.</summary>
    None,
    ChannelStart,
    ChannelEnd,
    ToolCallStart,
    ToolCallEnd,
    ToolResponseStart,
    ToolResponseEnd,
    StringDelimiter,
    TurnStart,
    TurnEnd,
    Eos,
}

/// <summary>How control tokens are spelled, and which end the model's turn.</summary>
internal static class ControlTokenExtensions
{
    /// <summary>The token as text, for the places where it turns out to be no more than that.</summary>
    public static string Spelling(this ControlToken token) => token switch
    {
        ControlToken.ChannelStart => "<|channel>",
        ControlToken.ChannelEnd => "<channel|>",
        ControlToken.ToolCallStart => "<|tool_call>",
        ControlToken.ToolCallEnd => "<tool_call|>",
        ControlToken.ToolResponseStart => "<|tool_response>",
        ControlToken.ToolResponseEnd => "<tool_response|>",
        ControlToken.StringDelimiter => "<|\"|>",
        ControlToken.TurnStart => "<|turn>",
        ControlToken.TurnEnd => "<turn|>",
        ControlToken.Eos => "<eos>",
        _ => throw new ArgumentOutOfRangeException(nameof(token), token, "a character has no spelling of its own"),
    };

    /// <summary>The model speaks no further: the turn ends, or a tool's answer is due.</summary>
    public static bool IsStop(this ControlToken token) =>
        token is ControlToken.TurnEnd or ControlToken.Eos or ControlToken.ToolResponseStart;
}
