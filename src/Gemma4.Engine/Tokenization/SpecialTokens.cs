namespace Gemma4.Engine.Tokenization;

/// <summary>Ids of the tokens that steer the model, looked up by name in the file; null where the file has none.</summary>
public sealed class SpecialTokens
{
    internal SpecialTokens(Func<string, int?> find)
    {
        (Bos, Eos, Pad, Unk) = (find("<bos>"), find("<eos>"), find("<pad>"), find("<unk>"));
        (TurnStart, TurnEnd) = (find("<|turn>"), find("<turn|>"));
        (ChannelStart, ChannelEnd) = (find("<|channel>"), find("<channel|>"));
        Think = find("<|think|>");
        (ToolStart, ToolEnd) = (find("<|tool>"), find("<tool|>"));
        (ToolCallStart, ToolCallEnd) = (find("<|tool_call>"), find("<tool_call|>"));
        (ToolResponseStart, ToolResponseEnd) = (find("<|tool_response>"), find("<tool_response|>"));
        StringDelimiter = find("<|\"|>");
        (ImageStart, Image, ImageEnd) = (find("<|image>"), find("<|image|>"), find("<image|>"));
        (AudioStart, Audio, AudioEnd) = (find("<|audio>"), find("<|audio|>"), find("<audio|>"));
        Video = find("<|video|>");
    }

    /// <summary><c>&lt;bos&gt;</c>, the beginning of every prompt.</summary>
    public int? Bos { get; }

    /// <summary><c>&lt;eos&gt;</c>, the end of a text.</summary>
    public int? Eos { get; }

    /// <summary><c>&lt;pad&gt;</c>.</summary>
    public int? Pad { get; }

    /// <summary><c>&lt;unk&gt;</c>, what cannot be spelled.</summary>
    public int? Unk { get; }

    /// <summary><c>&lt;|turn&gt;</c>, before a turn's role.</summary>
    public int? TurnStart { get; }

    /// <summary><c>&lt;turn|&gt;</c>, after a turn.</summary>
    public int? TurnEnd { get; }

    /// <summary><c>&lt;|channel&gt;</c>, before a channel's name and its text, a thought for one.</summary>
    public int? ChannelStart { get; }

    /// <summary><c>&lt;channel|&gt;</c>, after a channel.</summary>
    public int? ChannelEnd { get; }

    /// <summary><c>&lt;|think|&gt;</c>, which asks for thought.</summary>
    public int? Think { get; }

    /// <summary><c>&lt;|tool&gt;</c>, before a tool's declaration.</summary>
    public int? ToolStart { get; }

    /// <summary><c>&lt;tool|&gt;</c>, after it.</summary>
    public int? ToolEnd { get; }

    /// <summary><c>&lt;|tool_call&gt;</c>, before a call.</summary>
    public int? ToolCallStart { get; }

    /// <summary><c>&lt;tool_call|&gt;</c>, after it.</summary>
    public int? ToolCallEnd { get; }

    /// <summary><c>&lt;|tool_response&gt;</c>, before a tool's answer.</summary>
    public int? ToolResponseStart { get; }

    /// <summary><c>&lt;tool_response|&gt;</c>, after it.</summary>
    public int? ToolResponseEnd { get; }

    /// <summary><c>&lt;|"|&gt;</c>, around strings in calls, declarations and answers.</summary>
    public int? StringDelimiter { get; }

    /// <summary><c>&lt;|image&gt;</c>, before an image's placeholders.</summary>
    public int? ImageStart { get; }

    /// <summary><c>&lt;|image|&gt;</c>, the place of one soft token of an image.</summary>
    public int? Image { get; }

    /// <summary><c>&lt;image|&gt;</c>, after them.</summary>
    public int? ImageEnd { get; }

    /// <summary><c>&lt;|audio&gt;</c>, before an audio clip's placeholders.</summary>
    public int? AudioStart { get; }

    /// <summary><c>&lt;|audio|&gt;</c>, the place of one soft token of an audio clip.</summary>
    public int? Audio { get; }

    /// <summary><c>&lt;audio|&gt;</c>, after them.</summary>
    public int? AudioEnd { get; }

    /// <summary><c>&lt;|video|&gt;</c>, the place of a video's frame.</summary>
    public int? Video { get; }
}
