using Gemma4.Server.Anthropic;
using Gemma4.Server.Errors;

namespace Gemma4.Server.Mapping.Anthropic;

/// <summary>The text of a system message of Anthropic's API.</summary>
internal static class SystemText
{
    /// <summary>Claude Code's own line for Anthropic's accounts. It differs from turn to turn and stands before all else, so that with it in the
    /// prompt no prefix of an earlier turn would be found in the cache.</summary>
    private const string BillingHeader = "x-anthropic-billing-header:";

    /// <exception cref="ApiException">A block is no text.</exception>
    public static string Of(ContentBlock[] blocks, string path) => string.Concat(blocks.Select((block, i) => Spoken(block, $"{path}[{i}]")));

    private static string Spoken(ContentBlock block, string path)
    {
        if (block.Type != "text")
            throw Fault.Value($"{path}.type", block.Type, ["text"]);
        string text = block.Text ?? throw Fault.Missing($"{path}.text");
        return text.StartsWith(BillingHeader, StringComparison.Ordinal) ? BehindFirstLine(text) : text;
    }

    /// <summary>The header is a block of its own; clients that join their blocks put the rest behind it.</summary>
    private static string BehindFirstLine(string text) => text.IndexOf('\n') is var end and >= 0 ? text[(end + 1)..] : "";
}
